"""French."""
import re

from ..reply_dates import compile_patterns

STOPWORDS = set(
    "le la les de des du un une et nous vous est sont a au aux en pour par ce cette votre vos "
    "notre nos que qui ne pas je merci bonjour dans sur avec bien cordialement facture paiement a "
    "ete sera avons".split())
MONTHS = {
    name: number for number, names in enumerate((
        "janvier janv jan", "fevrier fevr fev", "mars", "avril avr", "mai", "juin", "juillet juil",
        "aout", "septembre sept", "octobre oct", "novembre nov", "decembre dec",
    ), 1) for name in names.split()}
WEEKDAYS = {
    name: number for number, name in enumerate((
        'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi', 'dimanche'))}
NUMBERS = {
    'un': 1, 'une': 1, 'deux': 2, 'trois': 3, 'quatre': 4, 'cinq': 5, 'six': 6, 'sept': 7,
    'huit': 8, 'neuf': 9, 'dix': 10, 'douze': 12, 'quinze': 15, 'vingt': 20, 'trente': 30}
DAY_FIRST = True
DOCUMENT_DATE = re.compile(
    r"(?:factures?|relance|rappel|courrier|mail|message|releve|commande|livraison|avoir|echeance"
    r"|bl"
    r"|bon de livraison|contrat)(?: n[o°]?\.?)?(?: [\w/-]*\d[\w/-]*)?,? "
    r"(?:du|datee? du|en date du|recue? le|emise? le|echue? (?:le|depuis le)) $"
    r"|\b(?:datee? du|echue? (?:le|depuis le|au)|emise? le|livree? le|depuis le|depuis) $")

DATE_PATTERNS = compile_patterns([
    ('end_named', r"\bfin {month}\b(?: {year})?"),
    ('mid_named', r"\b(?:a la )?mi[- ]{month}\b"),
    ('begin_named', r"\bdebut {month}\b"),
    ('named', r"\b{day}(?:er)? {month}\b(?:,? {year})?"),
    ('numeric', r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./])(?P<second>\d{1,2})(?![\d/.]*\d)"),
    ('day_of_next_month', r"\ble {day}(?:er)? du mois prochain\b"),
    ('next_month_end', r"\b(?:a la |pour la |en )?fin (?:du |de )?mois prochain\b"),
    ('month_end', r"\bfin (?:du |de |de ce )?mois(?: (?:en cours|courant))?\b"
                  r"|\bd'ici la fin du mois\b|\bavant fin de mois\b"),
    ('next_week', r"\b(?:fin|courant) (?:de )?(?:la )?semaine prochaine\b"),
    ('week_end', r"\bfin (?:de |de la |de cette )?semaine\b|\bcette semaine\b"
                 r"|\bdans la semaine\b|\bcourant de semaine\b"),
    ('weekday_next_week', r"\b{weekday} de la semaine prochaine\b"),
    ('weekday_next_week', r"\bla semaine prochaine,? (?:le )?{weekday}\b"),
    ('weekday_last', r"\b{weekday} (?:dernier|passe)\b"),
    ('weekday', r"\b(?:ce |le )?{weekday}(?: prochain| qui vient)?\b(?! dernier)"),
    ('last_week', r"\b(?:la semaine|le mois) (?:derniere?|passee?)\b"),
    ('next_week', r"\b(?:la )?semaine prochaine\b"),
    ('eight_days', r"\b(?:sous|dans la) huitaine\b"),
    ('fortnight', r"\b(?:sous|dans la) quinzaine\b|\bsous quinze jours\b"),
    ('in_days', r"\b(?:sous|dans(?: les)?|d'ici|dans un delai de|endeans|avant)(?: un delai de)?"
                r" {number}(?: prochains)? jours?(?: ouvres| ouvrables)?\b"),
    ('in_weeks', r"\b(?:sous|dans(?: les)?|d'ici) {number}(?: prochaines)? semaines?\b"),
    ('days_ago', r"\bil y a {number} jours?\b"),
    ('weeks_ago', r"\bil y a {number} semaines?\b"),
    ('after_tomorrow', r"\bapres[- ]demain\b"),
    ('before_yesterday', r"\bavant[- ]hier\b"),
    ('tomorrow', r"\bdemain\b"),
    ('yesterday', r"\bhier\b"),
    ('today', r"\baujourd'hui\b|\bce (?:matin|jour|soir)\b|\bcet apres[- ]midi\b"),
    ('week_number', r"\bsemaine (?P<number>\d{1,2})\b"),
    ('day_of_month', r"\b(?:le|au|avant le|pour le"
                     r"|d'ici le) {day}(?: courant)?\b(?! ?(?:[/:h€%]|\.\d|\d"
                     r"|eur|jours|du mois|fact))"),
], globals())

VERB = (r"(?:pay\w+|paier\w*|regl\w+|vir\w+|sold\w+|effectu\w+|proced\w+|transfer\w+|verse\w+"
        r"|acquitt\w+|honor\w+|envo\w+|enverr\w+|adress\w+|emett\w+|lanc\w+)")
PROMISE = re.compile(
    r"\b(?:nous|je|on|la compta\w*)(?: (?:vous|le|la|les|l'|y|en|lui))* ?(?:regler(?:ons|ai|a)"
    r"|payer(?:ons|ai|a)|paier(?:ons|ai|a)|vir(?:erons|erai|era)|solder(?:ons|ai|a)"
    r"|effectuer(?:ons|ai|a)|proceder(?:ons|ai|a)|verser(?:ons|ai|a)|ferons|ferai|fera"
    r"|enverr(?:ons|ai|a)|adresser(?:ons|ai|a)|acquitter(?:ons|ai|a)|transferer(?:ons|ai|a)"
    r"|mettrons en (?:paiement|reglement)|emettr(?:ons|ai|a)|lancer(?:ons|ai|a))\b"
    r"|\b(?:nous|je|on)(?: (?:vous|nous|me|m'))*(?: allons| vais| va| comptons| compte"
    r"| prevoyons de"
    r"| prevois de| pensons| pense| engageons a| m'engage a| engage a| pouvons| peux| pourrons"
    r"| pourrai| devrions(?: pouvoir)?| devrais(?: pouvoir)?)"
    rf"(?: (?:vous|le|la|les|en|pouvoir|proceder au))* {VERB}\b"
    r"|\b(?:paiement|reglement|virement|solde|facture|factures|montant|cheque|somme|elle|elles|il"
    r"|ils|echeance|tout|cela|ce sera)\b.{0,60}?\b(?:sera|seront|va etre|vont etre|devrait"
    r"|devraient"
    r"|interviendra|partira|partiront|arrivera|aura lieu|se fera|s'effectuera|part)\b"
    r"|\b(?:paiement|reglement|virement|facture)\b.{0,50}\b(?:est|sont|a ete|ete) (?:bien )?"
    r"(?:prevue?s?|programmee?s?|planifiee?s?|inscrite?s?|mise?s? en paiement|valide(?:e|es"
    r"|s)? pour"
    r"|inclus\w*)\b"
    r"|\b(?:paiement|reglement|virement) (?:prevu|programme|planifie)\b"
    r"|\bvous (?:recevrez|aurez|allez recevoir)\b.{0,30}\b(?:paiement|reglement|virement|cheque"
    r"|fonds"
    r"|montant|somme)"
    r"|\b(?:reglement|paiement|virement) (?:le|au|pour le|avant le|fin|sous|d'ici|semaine"
    r"|demain)\b"
    r"|\bce sera (?:fait|paye|regle)\b")
NO_PROMISE = re.compile(
    r"\bne (?:\w+ ){0,3}(?:pas|plus|jamais)\b|\bn'\w+ (?:pas|plus)\b|\bimpossible\b|\brefus\w+\b"
    r"|\bpaierons pas\b|\bpasser\w*\b"
    r"|\b(?:(?:un|d'un|par|notre demande d')\s?echeancier|echeancier en|mensualites?|en \w+ fois"
    r"|plusieurs fois|etalement|acomptes?)\b"
    r"|\bcomment\b.{0,20}\b(?:payer|regler)\b"
    r"|\b(?:habituellement|d'habitude|generalement|en general)\b|\b(?:notre|nos) clients?\b")
PAID = re.compile(
    r"\b(?:avons|ai|a|ont|avait|avions|as)(?: (?!pas\b|ete\b)\w+){0,3}? (?:payee?s?|regle(?:e|es"
    r"|s)?"
    r"|viree?s?|versee?s?|soldee?s?|acquitte(?:e|es|s)?|effectue(?:e|es)?|fait|procede|envoye"
    r"|adresse|transfere)\b(?! (?:la|une|votre) (?:demande|reclamation|commande))"
    r"|\b(?:a|ont|avait)(?: (?!pas\b)\w+)? ?ete(?: (?!pas\b)\w+){0,2}? (?:payee?s?|regle(?:e|es"
    r"|s)?"
    r"|viree?s?|versee?s?|soldee?s?|acquitte(?:e|es)?|effectue(?:e|s)?|emis|fait|envoyes?"
    r"|debitee?)\b"
    r"|\b(?:est|sont)(?: (?!pas\b)\w+){0,2}? (?:payee?s?|reglee?s?|soldee?s?|viree?s?)\b"
    r"|\b(?:virement|paiement|reglement|cheque)\b(?!.{0,40}\b(?:pas|sera)\b).{0,40}? (?:fait"
    r"|effectue|envoye|emis|parti"
    r"|execute|passe|realise)\b"
    r"|^\W*(?:deja )?(?:payee?s?|reglee?s?|viree?s?|soldee?s?)\b|\bdeja (?:paye|regle|vire)\w*\b"
    r"|\bci[- ]joint.{0,40}(?:preuve|avis|ordre|justificatif|confirmation) (?:de|du) (?:virement"
    r"|paiement"
    r"|reglement)")
NOT_PAID = re.compile(
    r"\b(?:n'\w+|ne)(?: \w+){0,4} (?:pas|jamais|plus)\b[^,;]{0,30}\b(?:paye|regle|vire|ete"
    r"|effectue)"
    r"|\b(?:sera|seront|serait|devrait etre|doit etre|va etre|reste a|a payer|a regler)\b"
    r"|\b(?:quand|une fois|des que|lorsque|si|apres)\b.{0,40}\b(?:paye|regle)|\bimpayee?s?\b"
    r"|\b(?:nous aura|auront)\b|\bmais pas\b|\bsauf (?!erreur)"
    r"|\b(?:habituellement|d'habitude|generalement|en general)\b|\b(?:notre|nos) clients?\b")
REASONS = {
    'not_received': re.compile(
        r"\b(?:n'|ne )\w*(?: \w+){0,4}? (?:pas|jamais|aucune)\b.{0,25}\b(?:recue?s?|trace"
        r"|retrouv\w+"
        r"|trouv\w+|eue?)\b.{0,30}\b(?:factures?|copie|document)\b"
        r"|\b(?:factures?)\b.{0,40}\b(?:pas|jamais|non)\b.{0,15}\b(?:recue?s?|parvenue?s?"
        r"|trouvee?s?)"
        r"|\b(?:renvoyer|envoyer|transmettre|adresser|faire parvenir|fournir"
        r"|renvoi)\b.{0,30}\b(?:copie"
        r"|duplicata|factures?)\b|\b(?:copie|duplicata) de (?:la|cette|votre|ces|vos) factures?"
        r"|\baucune facture\b|\bne (?:re)?trouv\w+ (?:pas|plus)\b.{0,20}\bfactures?\b"
        r"|\bn'avons pas (?:cette|la|votre) facture\b"),
    'delivery': re.compile(
        r"\b(?:marchandises?|commande|colis|livraison|materiel|produits?|machine|palettes?"
        r"|pieces)\b"
        r"[^,;]{0,40}\b(?:pas|jamais|toujours pas|non)\b.{0,20}\b(?:livre\w*|arrive\w*|recue?s?"
        r"|expedie\w*)"
        r"|\b(?:pas|jamais|rien)\b.{0,20}\b(?:recue?s?|livre\w*)\b.{0,20}\b(?:marchandises?"
        r"|commande"
        r"|colis|livraison|materiel|produits?|machine)\b|\bretard de livraison\b"
        r"|\blivre\w* en retard\b"
        r"|\battendons (?:toujours |encore )?(?:la|notre|nos|les) (?:livraison|marchandises?"
        r"|commande"
        r"|colis)"),
    'quantity': re.compile(
        r"\bil (?:nous )?manqu\w+\b(?!.{0,30}\b(?:numero|bon de commande|reference|tva|mention"
        r"|facture"
        r"|avoir|prix|remise)\b)|\bmanquants?\b|\bau lieu de \d+|\bincompl\w+\b"
        r"|\bquantites?\b.{0,30}"
        r"\b(?:fausses?|erronee?s?|pas|incorrectes?|differ\w+|non conforme)"),
    'price': re.compile(
        r"\b(?:prix|tarifs?|remise|rabais|ristourne|montant facture"
        r"|taux horaire)\b.{0,60}\b(?:faux"
        r"|fausses?|errone\w*|pas|incorrects?|differ\w+|trop|eleve\w*|oubli\w+|convenus?|manqu\w+"
        r"|non conforme|plus cher)\b|\bsurfactur\w+\b|\btrop cher\b|\bprix (?:convenu|du devis)\b"
        r"|\bfacturee? (?:deux fois|en double)\b|\bpas (?:conforme )?au devis\b"),
    'quality': re.compile(
        r"\b(?:abimee?s?|endommagee?s?|defectueu\w+|cassee?s?|casses|non conformes?"
        r"|mauvaise qualite"
        r"|en panne|malfacons?|rayee?s?|perimee?s?|defauts?)\b|\bprobleme de qualite\b"
        r"|\bne (?:fonctionne|marche)\w* (?:pas|plus)\b"),
    'order': re.compile(
        r"\b(?:numero|n°|reference) (?:de |du )?(?:bon de )?commande\b|\bbon de commande\b.{0,40}"
        r"\b(?:manqu\w+|absent|obligatoire|figure|indique|mentionne)|\bmauvaise (?:societe"
        r"|adresse de"
        r" facturation|entite|raison sociale)\b|\b(?:adresse|raison sociale"
        r"|siret)\b.{0,30}\b(?:erronee?"
        r"|fausse|incorrecte?)\b|\brefaire (?:la|cette|votre) facture\b|\ba (?:refaire"
        r"|reediter)\b"),
    'tax': re.compile(
        r"\btva\b.{0,60}\b(?:tort|fausse|erronee?|pas|incorrecte?|autoliquidation|exoner\w+"
        r"|taux)\b"
        r"|\bautoliquidation\b|\bexoneree?s? de tva\b"),
    'contract': re.compile(
        r"\b(?:jamais|pas|rien)\b(?: \w+){0,2} ?(?:commande|signe|autorise|demande|valide)\b"
        r"|\b(?:contrat|abonnement|commande)\b.{0,30}\b(?:resilie|annule|denonce)\w*"
        r"|\b(?:resilie|annule)\w* (?:le|la|notre|cette|ce) (?:contrat|commande|abonnement)\b"
        r"|\bsans (?:notre )?(?:accord|commande|autorisation)\b"),
}
DISPUTE = re.compile(
    r"\b(?:contest(?:ons|e|ee|er)|desaccord|litige|refusons|reclamation|ne sommes pas d'accord)\b"
    r"|\b(?:attend\w*|promis|attente|manque)\b.{0,30}\b(?:avoir|note de credit)\b"
    r"|\bfacture (?:est )?(?:fausse|erronee|incorrecte|non conforme)\b")
ABSENT = re.compile(
    r"\b(?:suis|serai|actuellement)(?: \w+){0,3} (?:absente?|en conges?|en vacances|en arret"
    r"|en deplacement|en formation|indisponible)\b|\bactuellement en (?:conges?|vacances"
    r"|deplacement)\b"
    r"|\b(?:serai|suis) de retour\b|\bmon retour\b|\babsente? (?:du bureau|jusqu|du \d)"
    r"|\b(?:bureaux?|entreprise|societe|etablissement)\b.{0,20}\b(?:est|sont|sera"
    r"|seront) fermee?s?\b"
    r"|\bfermeture (?:annuelle|estivale|de (?:nos|l'))|\breponse automatique\b")
ABSENT_SUBJECT = re.compile(
    r"\b(?:reponse automatique|absence|absente?|message d'absence|automatic reply"
    r"|out of office)\b")
BACK = re.compile(
    r"\b(?:de retour|retour|reprise|reprendrai\w*|reouvr\w+|reouverture|reviendrai\w*|a nouveau)\b"
    r"[^.]{0,25}$|\ba (?:compter|partir) du $")
# Nothing stands after the day of return.
BACK_AFTER = re.compile(r"(?!)")
CONTACT = re.compile(
    r"\b(?:ne|n')\s?(?:\w+ ){0,2}(?:travaille|fait|est|exerce)\w* plus\b.{0,40}\b(?:societe"
    r"|entreprise"
    r"|chez nous|partie|effectifs|groupe|etablissement|poste)\b|\bn'est plus (?:en poste"
    r"|consultee?"
    r"|valide|joignable|utilisee?)\b"
    r"|\ba quitte (?:la|l'|notre|nos|le)|\b(?:part\w+|parti) (?:a la|en) retraite\b"
    r"|\b(?:pas|plus)\b(?: \w+){0,2} (?:la bonne (?:personne|adresse)|le bon (?:contact"
    r"|interlocuteur"
    r"|service|destinataire)|concernee? par|en charge|l'interlocut\w+)\b"
    r"|\bmauvais(?:e)? (?:adresse|personne|destinataire|service|interlocuteur)\b"
    r"|\b(?:nouvelle adresse|chang\w+ (?:d'adresse|de locaux|de siege)|demenag\w+)\b"
    r"|\badresse(?: \w+)? (?:a|est) change\w*\b"
    r"|\b(?:nos bureaux|notre siege|nos locaux)(?: \w+)? (?:sont|est|se trouve\w*)"
    r"(?: (?:desormais|maintenant))? (?:au|a|situe\w*|\d)"
    r"|\b(?:modifier|corriger|mettre a jour) notre(?: \w+)? adresse\b"
    r"|\b(?:merci|veuillez|priere|contactez|ecri\w+|envo\w+"
    r"|adress\w+)\b.{0,60}\b[\w.+-]+@[\w.-]+\w")
PRIVACY = re.compile(
    r"\bdesinscri\w+\b|\bdesabonn\w+\b|\brgpd\b|\bcnil\b|\bdonnees (?:personnelles|a caractere"
    r" personnel)\b|\bliste de (?:diffusion|mailing)\b|\bdroit (?:d'acces|a l'oubli|a l'effacement"
    r"|d'opposition)\b|\bne (?:plus|souhaite plus)\b.{0,15}\b(?:recevoir|m'ecrire|nous ecrire)"
    r"|\b(?:cesse\w*|arrete\w*) de (?:m'|nous )|\bmes donnees\b")
HEDGE = re.compile(
    r"\b(?:normalement|probablement|en principe|sans doute|peut-etre|devrait|devraient|devrions"
    r"|devrais|pourr\w+|esper\w+|essa\w+|si possible|environ|aux alentours|sauf erreur"
    r"|il me semble|je pense|je crois)\b")
CONDITION = re.compile(
    r"\b(?:si|des que|des (?:la |)reception|une fois|lorsque|quand|a condition|sous reserve|sauf"
    r"|apres (?:reception|avoir|que|validation)|a reception|en attente d|avant (?:d'avoir|que)"
    r"|tant que)\b|\bs'ils?\b(?! (?:vous|te) plait)")
REFERENCE = re.compile(
    r"\b(?:reference|ref\.?|virement n[o°]?\.?|numero (?:de virement|d'operation)|sous le n[o°]"
    r"|cheque n[o°]?)\s*:?\s*(?P<reference>[a-z0-9][\w/.-]*\d[\w/-]*)")
# "Not" in any form, with and without "ne"; not the one of "pas plus tard que" and "pas de souci".
NOT = re.compile(
    r"\b(?:pas(?! plus tard| de (?:souci|probleme)| seulement)|jamais|aucune?|personne n[e']|ni"
    r"|doute|n[e'] ?\w+(?: \w+)? plus)\b")
CLAUSE = re.compile(
    r",(?!\d)|[;:()]| - |\b(?:mais|et|car|parce qu\w*|puisqu\w*|donc|cependant|toutefois)\b")
# What is said not to be so: read as if it were not written.
DENIAL = re.compile(
    r"\b(?:pas|aucune?|sans)(?: (?:de|d'un|aucune?))? ?(?:d')?(?:\w+ )?(?:litiges?"
    r"|contestations?|objections?|reclamations?|desaccord|reserves?|dommages?|defauts?"
    r"|problemes?)\b"
    r"|\b(?:ne (?:la |le |les )?|n'(?:avons |ai |avions )?)?(?:contest\w+|refus\w+|reclam\w+"
    r"|oppos\w+) (?:pas|rien|jamais|aucune?|nullement)\b(?: conteste\w*)?"
    r"|\bpas (?:conteste\w*|refuse\w*|en desaccord)\b"
    r"|\bn'(?:etai\w+|est|sont) (?:pas|aucunement)(?: du tout)? (?:arrivee?s? )?(?:abimee?s?"
    r"|endommagee?s?|defectueu\w+|cassee?s?|erronee?s?|fau(?:x|sse\w*)|incomplete?s?|trop eleve\w*"
    r"|absente?s?|en (?:conge\w*|vacances))\b"
    r"|\bsuis pas (?:absente?|en (?:conge\w*|vacances))\b"
    r"|\brien (?:ne |n')\w+|\bmanqu\w+ (?:rien|pas|aucune?)\b"
    r"|\b(?:prix|quantites?|factures?|montants?|tva|adresse) (?:est|sont) (?:bien |tout a fait )?"
    r"(?:correcte?s?|exacte?s?|justes?|bonn?e?s?)\b"
    r"|\bn'(?:a|ont|avons) (?:pas|jamais)(?: \w+)? (?:change\w*|demenage\w*|quitte\w*)\b"
    r"|\b(?:n'|ne l'|ne les )?(?:avons|ai|a|avait|est|ont|sont) (?:pas|toujours pas|jamais)"
    r"(?: encore)?(?: pu)?(?: la| le| les)?(?: ete)? (?:payee?s?|reglee?s?|regler|payer|viree?s?"
    r"|soldee?s?)\b")
# Words of payment, of the claim itself, and of what else is sent, done or forwarded: a promise or a
# payment is about the first, or about the second without the third.
MONEY = re.compile(
    r"\b(?:pa[iy]e\w*|paiements?|regl(?:e|ee|er|es|ees|ement|ements|ons|erons|erai|era)|virements?"
    r"|vir(?:e|er|ons|erons|erai|era)|argent|montant|sold\w+|somme|cheques?|acquitt\w+|vers(?:e|er"
    r"|ons|erons|erai|ements?)|honor\w+|necessaire|eur|euros?)\b|€")
OTHER = re.compile(
    r"\b(?:courriers?|e-?mails?|mails?|messages?|contrats?|documents?|reponses?|marchandises?"
    r"|livraisons?|colis|reclamations?|devis|commandes?|point|reunions?|rendez-vous|photos?|suivre"
    r"|transm\w+|comptabilite|service|collegues?|retour)\b")
ABOUT = re.compile(r"\b(?:factures?|cela|ca|c'est|ce sera|elles?|ils?|tout|echeances?|celle-ci)\b")
