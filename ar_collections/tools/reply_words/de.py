"""German. "ß" stands as one "s" in folded text; "ue" for "ü" is written by many."""
import re

from ..reply_dates import compile_patterns

STOPWORDS = set(
    "der die das und wir sie ist sind ihre ihr unsere unser ich nicht ein eine fur mit auf von zu "
    "am im den dem bis wird wurde haben bitte danke hallo guten tag rechnung zahlung noch bereits "
    "schon werden".split())
MONTHS = {
    name: number for number, names in enumerate((
        "januar janner jan", "februar feb", "marz maerz mrz", "april apr", "mai", "juni jun",
        "juli jul", "august aug", "september sept sep", "oktober okt", "november nov",
        "dezember dez",
    ), 1) for name in names.split()}
WEEKDAYS = {
    name: number for number, names in enumerate((
        "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag sonnabend", "sonntag",
    )) for name in names.split()}
NUMBERS = {
    'einem': 1, 'einer': 1, 'eine': 1, 'zwei': 2, 'drei': 3, 'vier': 4, 'funf': 5, 'fuenf': 5,
    'sechs': 6, 'sieben': 7, 'acht': 8, 'neun': 9, 'zehn': 10, 'zwolf': 12, 'vierzehn': 14,
    'funfzehn': 15, 'zwanzig': 20, 'dreisig': 30}
DAY_FIRST = True
DOCUMENT_DATE = re.compile(
    r"(?:rechnung(?:en)?|mahnung|erinnerung|schreiben|mail|nachricht|lieferung|bestellung|auftrag"
    r"|lieferschein|gutschrift|falligkeit|vertrag)(?: nr\.?)?(?: [\w/-]*\d[\w/-]*)?,? "
    r"(?:vom|von|datiert vom|fallig am|seit(?: dem)?) $"
    r"|\b(?:fallig (?:am|seit(?: dem)?|war am)|geliefert am|ausgestellt am|seit(?: dem)?"
    r"|datiert (?:vom|am))(?: den)? $")

DATE_PATTERNS = compile_patterns([
    ('end_named', r"\bende {month}\b(?: {year})?"),
    ('mid_named', r"\bmitte {month}\b"),
    ('begin_named', r"\banfang {month}\b"),
    ('named', r"\b{day}\.? ?{month}\b(?:,? {year})?"),
    ('numeric', r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./])(?P<second>\d{1,2})(?![\d/.]*\d)"),
    ('day_of_next_month', r"\b(?:am|zum|bis zum) {day}\. (?:des )?(?:nachsten|naechsten|kommenden)"
                          r" monats\b"),
    ('next_month_end', r"\b(?:zum |bis )?ende (?:des )?(?:nachsten|naechsten"
                       r"|kommenden) monats?\b"),
    ('month_end', r"\b(?:zum |bis )?ende (?:des |dieses |d\. ?)?(?:laufenden )?monats?\b"
                  r"|\bmonatsende\b|\bultimo\b"),
    ('next_week', r"\bende (?:der )?(?:nachsten|naechsten|kommenden) woche\b"),
    ('week_end', r"\bende (?:der |dieser )?woche\b|\b(?:noch )?(?:diese|in dieser) woche\b"),
    ('weekday_next_week', r"\b{weekday} (?:der )?(?:nachste|naechste|kommende)[rn]? woche\b"),
    ('weekday_next_week', r"\b(?:nachste|naechste|kommende)[rn]? woche(?: am)? {weekday}\b"),
    ('weekday_last', r"\b(?:letzten|vergangenen|vorigen) {weekday}\b"),
    ('weekday_near', r"\b(?:nachsten|naechsten|nachster|naechster) {weekday}\b"),
    ('weekday', r"\b(?:(?:kommenden|diesen) )?{weekday}\b"),
    ('last_week', r"\b(?:letzte|vergangene|vorige)[rn]? woche\b|\bletzten monat\b"),
    ('next_week', r"\b(?:nachste|naechste|kommende)[rn]? woche\b"),
    ('in_days', r"\b(?:innerhalb(?: von| der nachsten)?|in(?: den nachsten)?|binnen) {number}"
                r" (?:werk|arbeits|kalender|bank)?tage?n?\b"),
    ('in_weeks', r"\b(?:innerhalb(?: von)?|in|binnen) {number} wochen?\b"),
    ('days_ago', r"\bvor {number} tage?n?\b"),
    ('weeks_ago', r"\bvor {number} wochen?\b"),
    ('after_tomorrow', r"\bubermorgen\b|\buebermorgen\b"),
    ('before_yesterday', r"\bvorgestern\b"),
    ('tomorrow', r"(?<!guten )\bmorgen\b(?! frueh\w)"),
    ('yesterday', r"\bgestern\b"),
    ('today', r"\bheute\b(?<!bis heute)"),
    ('week_number', r"\b(?:kw|kalenderwoche|woche) ?(?P<number>\d{1,2})\b"),
    ('day_of_month', r"\b(?:am|zum|bis zum|bis) {day}\.(?= |$|,)(?! ?\d)"),
], globals())

PAYING = (r"(?:zahlen|bezahlen|uberweisen|ueberweisen|begleichen|ausgleichen|anweisen|vornehmen"
          r"|veranlassen|leisten)")
PROMISE = re.compile(
    r"\b(?:wir|ich|die buchhaltung)(?: (?!haben\b|hatten\b)\w+){0,3}? ?(?:zahlen|zahle|bezahlen"
    r"|bezahle|uberweisen|uberweise|ueberweisen|ueberweise|begleichen|begleiche|weisen|weise"
    r"|gleichen"
    r"|veranlassen|veranlasse)\b"
    r"|\b(?:zahlen|zahle|bezahlen|uberweisen|ueberweisen|begleichen) (?:wir|ich|aber|jedoch)\b"
    r"|\b(?:werden|werde|wollen|kann|konnen|koennen|konnten|planen|beabsichtigen"
    r"|sollten) ?(?:wir|ich)?\b"
    rf".{{0,60}}\b(?:zu )?{PAYING}\b"
    r"|\b(?:rechnung|rechnungen|betrag|zahlung|saldo|summe|geld|uberweisung|ueberweisung"
    r"|restbetrag|rest"
    r"|sie|diese|es)\b.{0,50}\b(?:wird|werden|sollte|soll)\b.{0,50}\b(?:bezahlt|gezahlt|uberwiesen"
    r"|ueberwiesen|beglichen|ausgeglichen|angewiesen|erfolgen|ausgefuhrt|ausgefuehrt|eingehen"
    r"|rausgehen|veranlasst|getatigt|vorgenommen)\b"
    r"|\bwird\b.{0,30}\b(?:rechnung|betrag|zahlung|saldo)\b.{0,30}\b(?:bezahlt|gezahlt|uberwiesen"
    r"|ueberwiesen|beglichen|ausgeglichen)\b"
    r"|\b(?:zahlung|uberweisung|ueberweisung|ausgleich|zahlungslauf)\b.{0,40}\b(?:erfolgt|folgt"
    r"|geht"
    r"|ist (?:fur|fuer|zum|am|auf)|eingeplant|vorgesehen|terminiert|geplant)\b"
    r"|\b(?:sie|ihr) (?:erhalten|bekommen|erhaltet)\b.{0,30}\b(?:zahlung|geld|betrag|uberweisung)"
    r"|\b(?:zur zahlung|zahlung) (?:eingeplant|vorgemerkt|angewiesen"
    r"|freigegeben)\b.{0,20}\b(?:am|zum"
    r"|fur|fuer|bis)\b")
NO_PROMISE = re.compile(
    r"\b(?:nicht|nie|kein|keine|keinen) ?(?:\w+ ){0,2}(?:zahlen|bezahlen|uberweisen|ueberweisen"
    r"|zahlung"
    r"|begleichen|zahle)\b|\bzahlen (?:wir )?(?:\w+ ){0,2}nicht\b|\bnicht (?:moglich|moeglich"
    r"|in der"
    r" lage)\b|\b(?:raten|ratenzahlung|teilzahlung\w*|teilbetrag\w*|stundung|zahlungsplan)\b"
    r"|\bhaben\b.{0,40}\b(?:bezahlt|uberwiesen|ueberwiesen|beglichen)\b|\bverweiger\w+\b"
    r"|\bin der regel\b|\bu(?:e)?blicherweise\b|\bgewo(?:e)?hnlich\b"
    r"|\bunser(?:e|en|em)? kunden?\b")
PAID = re.compile(
    r"\b(?:haben|habe|hat|hatten)\b.{0,60}\b(?:bezahlt|gezahlt|uberwiesen|ueberwiesen|beglichen"
    r"|angewiesen|ausgeglichen|getatigt|veranlasst)\b"
    r"|\b(?:wurde|wurden|ist|sind|war)\b(?!.{0,20}\bwird\b).{0,50}\b(?:bezahlt|gezahlt|uberwiesen"
    r"|ueberwiesen|beglichen|ausgeglichen|angewiesen|raus|erfolgt|ausgefuhrt|ausgefuehrt"
    r"|abgebucht)\b"
    r"|\b(?:bereits|schon|gestern|heute|vorgestern) (?:\w+ ){0,2}(?:bezahlt|uberwiesen|ueberwiesen"
    r"|beglichen|angewiesen|gezahlt)\b|^\W*(?:bezahlt|uberwiesen|ueberwiesen|erledigt)\b"
    r"|\b(?:zahlung|uberweisung)\b.{0,20}\b(?:ging|ist) .{0,20}\b(?:raus|hinaus|ab)\b"
    r"|\bzahlungsbeleg (?:im anhang|anbei)\b|\banbei.{0,30}\b(?:zahlungsbeleg|uberweisungsbeleg"
    r"|zahlungsnachweis|kontoauszug)")
NOT_PAID = re.compile(
    r"\b(?:nicht|nie|noch nicht|kein|keine)\b.{0,30}\b(?:bezahlt|gezahlt|uberwiesen|ueberwiesen"
    r"|beglichen|geliefert|erfolgt)\b|\b(?:wird|werden|werde|sobald|wenn|falls|sofern|nachdem"
    r"|bevor"
    r"|erst)\b.{0,60}\b(?:bezahlt|gezahlt|uberwiesen|ueberwiesen|beglichen|ausgeglichen|angewiesen"
    r"|erfolgt)\b|\bunbezahlt\w*\b|\baber (?:noch )?nicht\b|\bnicht aber\b|\bin der regel\b"
    r"|\bu(?:e)?blicherweise\b|\bgewo(?:e)?hnlich\b|\bunser(?:e|en|em)? kunden?\b")
REASONS = {
    'not_received': re.compile(
        r"\brechnung(?:en)?\b.{0,40}\b(?:nie|nicht|niemals|noch nicht)\b.{0,20}\b(?:erhalten"
        r"|bekommen"
        r"|eingegangen|vor|gefunden|angekommen)\b"
        r"|\b(?:nie|nicht|keine|niemals)\b.{0,25}\brechnung(?:en)?\b.{0,20}\b(?:erhalten|bekommen"
        r"|vorliegen|vor|finden|gefunden)\b|\brechnung liegt uns nicht vor\b"
        r"|\b(?:senden|schicken|ubersenden|mailen)\b.{0,40}\b(?:kopie|rechnungskopie|rechnung"
        r"|duplikat)\b"
        r"|\brechnungskopie\b|\bfinde\w*\b.{0,25}\brechnung(?:en)?\b.{0,15}\b(?:nicht"
        r"|nirgends)\b|\bkopie der rechnung\b"),
    'delivery': re.compile(
        r"\b(?:ware|waren|lieferung|bestellung|paket|sendung|material|maschine|gerat|artikel"
        r"|auftrag|paletten?|kartons?|teile)\b"
        r"[^,;]{0,50}\b(?:nicht|nie|noch nicht)\b.{0,20}\b(?:geliefert|erhalten|bekommen"
        r"|angekommen"
        r"|eingetroffen|da)\b|\b(?:nicht|nie|noch nicht|keine)\b.{0,20}\b(?:ware|lieferung"
        r"|paket)\b.{0,20}"
        r"\b(?:erhalten|bekommen|geliefert)\b|\bzu spat geliefert\b|\bliefer(?:verzug"
        r"|verzogerung)\b"
        r"|\bwarten (?:noch |immer noch )?auf (?:die|unsere) (?:ware|lieferung|bestellung)\b"),
    'quantity': re.compile(
        r"\bfehl(?:t|en|te|ten)\b(?!.{0,40}\b(?:bestellnummer|nummer|ust|umsatzsteuer|angabe"
        r"|rabatt"
        r"|skonto|referenz|gutschrift)\b)|\bfehlmenge\b|\bunvollstandig\w*\b|\bstatt (?:der )?\d+"
        r"|\bmenge\w*\b.{0,30}\b(?:falsch|stimmt|nicht|abweich\w+)"),
    'price': re.compile(
        r"\b(?:preise?|rabatt|skonto|stundensatz|einzelpreis|nachlass)\b.{0,60}\b(?:falsch|nicht"
        r"|stimm\w+"
        r"|zu hoch|fehlt|vereinbart|vergessen|abweich\w+|hoher)\b|\bzu viel berechnet\b"
        r"|\bzu teuer\b"
        r"|\bvereinbarte[nr]? preis\w*\b|\b(?:doppelt|zweimal) berechnet\b"),
    'quality': re.compile(
        r"\b(?:beschadigt\w*|beschaedigt\w*|defekt\w*|kaputt\w*|mangelhaft\w*|fehlerhaft\w*"
        r"|zerbrochen\w*"
        r"|mangel|maengel|verdorben|zerkratzt\w*|reklam\w+)\b|\bfunktionier\w+ nicht\b|\bschlechte"
        r" qualitat\b|\bqualitatsproblem\w*"),
    'order': re.compile(
        r"\b(?:bestellnummer|po-nummer|bestell-nr|auftragsnummer|kostenstelle|leitweg-id)\b"
        r"|\bfalsche"
        r" (?:firma|rechnungsadresse|gesellschaft|anschrift|firmierung)\b"
        r"|\brechnung(?:s\w+)?\b.{0,30}\b(?:neu ausstellen|umschreiben|korrigieren|berichtigen)\b"
        r"|\b(?:rechnungsanschrift|rechnungsadresse|firmenname)\b.{0,20}\b(?:falsch|stimmt)"),
    'tax': re.compile(
        r"\b(?:mwst|mehrwertsteuer|umsatzsteuer|ust|steuersatz)\b.{0,60}\b(?:falsch|nicht|obwohl"
        r"|fehlt"
        r"|stimmt|zu unrecht)\b|\breverse[- ]charge\b|\bohne (?:mwst|umsatzsteuer)\b"),
    'contract': re.compile(
        r"\b(?:nie|nicht|nichts|niemals)\b(?: \w+){0,2} ?(?:bestellt|beauftragt|unterschrieben"
        r"|genehmigt)\b"
        r"|\b(?:vertrag|abo|abonnement|bestellung|auftrag)\b.{0,40}\b(?:gekundigt|gekuendigt"
        r"|storniert"
        r"|widerrufen)\b|\bohne (?:unseren )?auftrag\b"),
}
DISPUTE = re.compile(
    r"\b(?:widersprechen|widerspruch|bestreiten|beanstanden|nicht einverstanden|lehnen .{0,20}ab"
    r"|strittig|weigern)\b|\b(?:warten|zugesagt\w*|versprochen\w*|fehlt"
    r"|erwarten)\b.{0,40}\bgutschrift\b"
    r"|\brechnung (?:stimmt )?(?:so )?nicht\b"
    r"|\brechnung ist (?:so )?(?:falsch|nicht (?:korrekt|richtig|in ordnung|nachvollziehbar))\b")
ABSENT = re.compile(
    r"\b(?:bin|werde|befinde)\b.{0,60}\b(?:nicht im (?:buro|buero|haus)|im urlaub|abwesend"
    r"|auser haus|ausser haus|auf (?:dienst|geschafts)reise|in elternzeit|krank"
    r"|nicht erreichbar)\b"
    r"|\bwieder (?:fur sie da|fuer sie da|im (?:buro|buero|haus)|erreichbar|da|zuruck)\b"
    r"|\b(?:buro|betrieb|unternehmen|firma)\b.{0,20}\b(?:ist|bleibt|sind) .{0,20}geschlossen\b"
    r"|\bbetriebsferien\b|\babwesenheit\w*\b|\bautomatische antwort\b")
ABSENT_SUBJECT = re.compile(
    r"\b(?:automatische antwort|abwesenheit\w*|abwesend|autoreply|out of office"
    r"|automatic reply)\b")
BACK = re.compile(
    r"\b(?:ab(?: dem)?|wieder(?: am| ab)?|zuruck(?: am)?|zurueck(?: am)?|wieder da am)[^.]{0,12}$")
# Stands after the day of return.
BACK_AFTER = re.compile(r"[ ,]*(?:wieder|zuruck|zurueck)\b")
CONTACT = re.compile(
    r"\b(?:arbeitet|beschaftigt|tatig|ist)\b(?: \w+){0,2} nicht mehr\b|\bnicht mehr (?:bei uns|im"
    r" (?:hause|unternehmen)|fur uns|gelesen|gultig|beschaftigt|tatig|abgerufen)\b"
    r"|\b(?:unternehmen|firma|haus) (?:\w+ )?verlassen\b|\bausgeschieden\b|\bim ruhestand\b"
    r"|\bnicht (?:\w+ )?(?:zustandig|zustaendig|der richtige (?:ansprechpartner|kontakt)"
    r"|die richtige (?:person|adresse|stelle|ansprechpartnerin))\b"
    r"|\bfalsche[rn]? (?:adresse|person|abteilung|ansprechpartner|empfanger|kontakt)\b"
    r"|\b(?:neuen? (?:\w+ )?(?:post|firmen|rechnungs)?(?:adresse|anschrift)|umgezogen"
    r"|(?:adresse|anschrift) hat sich (?:\w+ )?geandert|neuen standort (?:\w+ )?gezogen)\b"
    r"|\bfinden sie uns (?:jetzt |nun )?in\b|sitz (?:ist|befindet sich) (?:jetzt|nun)\b"
    r"|\bunsere (?:\w+ )?(?:adresse|anschrift) (?:\w+ ){0,3}(?:andern|aktualisieren|korrigieren)\b"
    r"|\b(?:bitte|schreiben|wenden)\b.{0,80}\b[\w.+-]+@[\w.-]+\w")
PRIVACY = re.compile(
    r"\b(?:abmelden|abbestellen|austragen)\b.{0,30}|\b(?:aus (?:ihrem|dem) verteiler|newsletter|"
    r"mailingliste)\b|\bdsgvo\b|\bdatenschutz\w*\b|\bpersonenbezogene\w* daten\b"
    r"|\bmeiner daten\b|\bhoren sie auf\b|\bloschung (?:meiner|"
    r"unserer)\b|\bauskunft nach\b|\b(?:keine|nicht mehr) (?:weiteren )?(?:mails|e-mails"
    r"|nachrichten)\b")
HEDGE = re.compile(
    r"\b(?:voraussichtlich|wahrscheinlich|vermutlich|hoffentlich|normalerweise|eventuell"
    r"|vielleicht"
    r"|sollte|sollten|konnte|konnten|versuchen|ca|etwa|gegebenenfalls|unseres wissens|ich glaube"
    r"|ich denke)\b")
CONDITION = re.compile(
    r"\b(?:sobald|wenn|falls|sofern|vorausgesetzt|nachdem|nach (?:erhalt|eingang|prufung"
    r"|lieferung)"
    r"|bevor|solange|unter der bedingung|vorbehaltlich)\b")
REFERENCE = re.compile(
    r"\b(?:verwendungszweck|referenz|ref\.?|transaktions(?:nummer|-?nr\.?)|zahlungsreferenz)"
    r"\s*:?\s*(?P<reference>[a-z0-9][\w/.-]*\d[\w/-]*)")
# "Not" in any form; not the one of "nicht später als" and "kein Problem".
NOT = re.compile(
    r"\b(?:nicht(?! spater| spaeter| nur)|nie|niemals|kein\w*(?! problem)|niemand|weder"
    r"|bezweif\w+|unsicher)\b")
# A clause with "dass" or "ob" hangs on what stands before its comma.
CLAUSE = re.compile(
    r",(?!\d| (?:dass|das|ob|wann)\b)|[;:()]| - |\b(?:aber|jedoch|und|sondern|denn|weil"
    r"|allerdings)\b")
# What is said not to be so: read as if it were not written.
DENIAL = re.compile(
    r"\b(?:kein\w*|ohne)(?: \w+)? (?:beanstandung\w*|einwand|einwande|einwaende|einwendung\w*"
    r"|widerspruch|reklamation\w*|mangel|maengel|problem\w*|streit\w*|fehlmengen?)\b"
    r"|\b(?:widersprech\w+|bestreite\w*|beanstande\w*|reklamier\w*|weiger\w+)\b[^,;]{0,40}?"
    r"\bnicht\b"
    r"|\bnicht (?:\w+ )?(?:strittig|bestritten|bestreiten|beanstand\w+|beschadigt\w*"
    r"|beschaedigt\w*|defekt\w*|kaputt\w*|mangelhaft\w*|fehlerhaft\w*|falsch\w*|zu hoch|zu teuer"
    r"|unvollstandig\w*|im urlaub|abwesend|auser haus|ausser haus|krank|umgezogen|geandert"
    r"|geaendert|ausgeschieden|verlassen)\b"
    r"|\b(?:stimmt|stimmen)\b(?![^.,;]{0,60}\b(?:nicht|kein))"
    r"|\bfehl(?:t|en|te|ten) (?:uns )?(?:nichts|keine\w*|nicht)\b|\bnichts fehlt\w*\b"
    r"|\b(?:haben|habe|hat|wurden?|ist|sind|konnten?|koennten)\b[^,;]{0,40}?\b(?:noch nicht|nicht"
    r"|nie|noch nie)(?: \w+)? (?:be|ge)?(?:zahlt|zahlen|uberwiesen|ueberwiesen|uberweisen|glichen"
    r"|ausgeglichen)\b")
# Words of payment, of the claim itself, and of what else is sent, done or forwarded: a promise or a
# payment is about the first, or about the second without the third.
MONEY = re.compile(
    r"\b(?:\w*zahl\w*|bezahl\w*|uberw\w+|ueberw\w+|begl\w+|betrag|geld|saldo|summe|ausgleich\w*"
    r"|ausgeglichen|anweis\w*|angewiesen|restbetrag|scheck|eur|euro)\b|€")
OTHER = re.compile(
    r"\b(?:waren?|lieferung\w*|vertrag|nachricht|schreiben|brief|e-mail|mail|prufung|pruefung"
    r"|reklamation\w*|weiter\w*leit\w*|paket|angebot|termin|besprech\w*|sachverhalt|bestellung"
    r"|unterlagen|muster|antwort)\b")
ABOUT = re.compile(r"\b(?:\w*rechnung(?:en)?|sie|es|das|diese|alles|erledigt|posten)\b")
