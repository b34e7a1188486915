"""Dutch."""
import re

from ..reply_dates import compile_patterns

STOPWORDS = set(
    "de het een en wij we u uw is zijn niet van voor op in te met dat dit deze ons onze wordt heb "
    "hebben ik al graag bedankt dank groet goedemorgen factuur betaling naar bij ook nog dag kunt "
    "hallo".split())
MONTHS = {
    name: number for number, names in enumerate((
        "januari jan", "februari feb", "maart mrt", "april apr", "mei", "juni jun", "juli jul",
        "augustus aug", "september sept sep", "oktober okt", "november nov", "december dec",
    ), 1) for name in names.split()}
WEEKDAYS = {
    name: number for number, name in enumerate((
        'maandag', 'dinsdag', 'woensdag', 'donderdag', 'vrijdag', 'zaterdag', 'zondag'))}
NUMBERS = {
    'een': 1, 'twee': 2, 'drie': 3, 'vier': 4, 'vijf': 5, 'zes': 6, 'zeven': 7, 'acht': 8,
    'negen': 9, 'tien': 10, 'twaalf': 12, 'veertien': 14, 'vijftien': 15, 'twintig': 20,
    'dertig': 30}
DAY_FIRST = True
DOCUMENT_DATE = re.compile(
    r"(?:facturen|factuur|aanmaning|herinnering|brief|mail|bericht|levering|bestelling|order"
    r"|creditnota|contract|vervaldatum)(?: nr\.?)?(?: [\w/-]*\d[\w/-]*)?,? "
    r"(?:van|d\.?d\.?|gedateerd|vervallen op|sinds) $"
    r"|\b(?:vervallen (?:op|sinds)|geleverd op|gedateerd|sinds|d\.d\.) $")

DATE_PATTERNS = compile_patterns([
    ('end_named', r"\b(?:eind|einde) (?:van )?{month}\b(?: {year})?"),
    ('mid_named', r"\b(?:half|medio|midden) {month}\b"),
    ('begin_named', r"\bbegin {month}\b"),
    ('named', r"\b{day}(?:e|ste|de)? {month}\b(?:,? {year})?"),
    ('numeric', r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./-])(?P<second>\d{1,2})(?![\d/.-]*\d)"),
    ('day_of_next_month', r"\b(?:op )?(?:de )?{day}(?:e|ste|de)? van (?:de )?volgende maand\b"),
    ('next_month_end', r"\b(?:eind|einde|het einde van|op het eind van)(?: van)?(?: de)? volgende"
                       r" maand\b"),
    ('month_end', r"\b(?:eind|einde|het einde van|op het eind van)(?: van)?(?: de| deze)? maand\b"
                  r"|\bmaandeinde\b|\bultimo\b"),
    ('next_week', r"\b(?:eind|einde)(?: van)?(?: de)? volgende week\b"),
    ('week_end', r"\b(?:eind|einde|het einde van)(?: van)?(?: de| deze)? week\b|\bdeze week\b"
                 r"|\bvan de week\b"),
    ('weekday_next_week', r"\bvolgende week {weekday}\b"),
    ('weekday_next_week', r"\b{weekday} (?:van )?volgende week\b"),
    ('weekday_last', r"\b(?:afgelopen|vorige|jongstleden) {weekday}\b"),
    ('weekday_last', r"\b{weekday} (?:jl|jongstleden)\b"),
    ('weekday_near', r"\bvolgende {weekday}\b"),
    ('weekday', r"\b(?:(?:aanstaande|komende|a\.?s\.?|deze) )?{weekday}\b"),
    ('last_week', r"\b(?:vorige|afgelopen) (?:week|maand)\b"),
    ('next_week', r"\b(?:volgende|komende) week\b"),
    ('in_days', r"\b(?:binnen|over|in)(?: nu en)?(?: de komende)? {number} (?:werk)?dag(?:en)?\b"),
    ('in_weeks', r"\b(?:binnen|over)(?: nu en)? {number} we(?:ek|ken)\b"),
    ('days_ago', r"\b{number} dag(?:en)? geleden\b"),
    ('weeks_ago', r"\b{number} we(?:ek|ken) geleden\b"),
    ('after_tomorrow', r"\bovermorgen\b"),
    ('before_yesterday', r"\beergisteren\b"),
    ('tomorrow', r"\bmorgen\b"),
    ('yesterday', r"\bgisteren\b"),
    ('today', r"\bvandaag\b|\bvanmorgen\b|\bvanochtend\b|\bvanmiddag\b|\bvanavond\b"),
    ('week_number', r"\bweek (?P<number>\d{1,2})\b"),
    ('day_of_month', r"\b(?:op|voor|uiterlijk|rond)(?: de)? {day}(?:e|ste|de)\b"),
], globals())

PAYING = r"(?:betalen|overmaken|voldoen|overschrijven|vereffenen|storten|afwikkelen)"
PROMISE = re.compile(
    r"\b(?:wij|we|ik|maar) (?:betalen|betaal|voldoen|voldoe)\b"
    r"|\b(?:wij|we|ik|de boekhouding|onze administratie) (?:betalen|betaal|voldoen|voldoe|maken"
    r"|maak"
    r"|schrijven|vereffenen|storten|zullen|zal|gaan|ga|kunnen|kan|zouden|verwachten|hopen"
    r"|willen)\b"
    rf"(?=.{{0,90}}\b(?:{PAYING}|betaal|betalen|voldoen|over|factuur|bedrag|saldo|betaling)\b)"
    r"|\b(?:betalen|voldoen|kunnen|zullen|zal|gaan) (?:wij|we|ik)\b.{0,60}"
    rf"\b(?:{PAYING}|factuur|bedrag|saldo)\b"
    r"|\b(?:factuur|facturen|bedrag|betaling|saldo|rest|restant|geld|overboeking|deze"
    r"|dit)\b.{0,60}"
    r"\b(?:wordt|worden|zal|zullen|staat|staan)\b.{0,60}\b(?:betaald|overgemaakt|voldaan"
    r"|uitgevoerd"
    r"|gestort|gedaan|verricht|volgen|gepland|ingepland|plaatsvinden|overgeschreven|vereffend"
    r"|klaar)\b"
    r"|\bwordt\b.{0,30}\b(?:factuur|bedrag|betaling|saldo)\b.{0,30}\b(?:betaald|overgemaakt"
    r"|voldaan)\b"
    r"|\b(?:betaling|overboeking)\b.{0,40}\b(?:volgt|gaat|is (?:gepland|ingepland|voorzien)|vindt"
    r"|geschiedt)\b"
    r"|\bu (?:ontvangt|krijgt|kunt)\b.{0,30}\b(?:betaling|geld|bedrag|overboeking)\b"
    r"|\bis (?:in)?gepland (?:voor|op)\b|\bbetaald op\b(?=.{0,20}\bworden\b)")
NO_PROMISE = re.compile(
    r"\b(?:niet|nooit|geen)\b(?: \w+){0,2} (?:betalen|voldoen|overmaken|betaling)\b"
    r"|\bbetalen (?:\w+ "
    r"){0,3}niet\b|\bniet (?:mogelijk|in staat)\b|\b(?:termijnen|betalingsregeling|afbetaling"
    r"|deelbetaling\w*|gespreid)\b|\bhebben\b[^,;]{0,50}\b(?:betaald|overgemaakt|voldaan)\b"
    r"|\bweiger\w*\b"
    r"|\bkunnen (?:wij|we) niet\b|\b(?:gewoonlijk|doorgaans|meestal)\b|\bonze klant(?:en)?\b")
PAID = re.compile(
    r"\b(?:hebben|heb|heeft|hadden)\b.{0,60}\b(?:betaald|overgemaakt|voldaan|gestort"
    r"|overgeschreven"
    r"|verricht|vereffend)\b"
    r"|\b(?:is|zijn|werd|werden|was)\b.{0,50}\b(?:betaald|overgemaakt|voldaan|gestort|uitgevoerd"
    r"|overgeschreven|vereffend|de deur uit)\b"
    r"|\b(?:reeds|al|gisteren|vandaag|vanmorgen) (?:\w+ ){0,2}(?:betaald|overgemaakt|voldaan"
    r"|gestort)\b"
    r"|^\W*(?:betaald|overgemaakt|voldaan)\b|\bbetaalbewijs (?:in (?:de )?bijlage|bijgevoegd)\b"
    r"|\bbijgevoegd.{0,30}\bbetaalbewijs\b|\bbijlage.{0,30}\bbetaalbewijs\b")
NOT_PAID = re.compile(
    r"\b(?:niet|nooit|nog niet|geen)\b.{0,30}\b(?:betaald|overgemaakt|voldaan|geleverd"
    r"|uitgevoerd)\b"
    r"|\b(?:wordt|worden|zal|zodra|als|wanneer|indien|nadat|voordat|pas|moet)\b.{0,60}\b(?:betaald"
    r"|overgemaakt|voldaan|uitgevoerd)\b|\bonbetaald\w*\b|\bmaar\b[^.]{0,30}\bniet\b"
    r"|\b(?:gewoonlijk|doorgaans|meestal)\b|\bonze klant(?:en)?\b")
REASONS = {
    'not_received': re.compile(
        r"\bfactu(?:ur|ren)\b.{0,40}\b(?:nooit|niet|nog niet)\b.{0,20}\b(?:ontvangen|gekregen"
        r"|gezien"
        r"|binnengekomen|vinden|gevonden)\b"
        r"|\b(?:geen|nooit|niet)\b.{0,20}\bfactuur\b.{0,20}\b(?:ontvangen|gekregen|gezien"
        r"|vinden)\b"
        r"|\b(?:kopie|duplicaat)\b.{0,20}\b(?:sturen|mailen|toesturen|zenden|factuur)\b"
        r"|\b(?:stuur|sturen|mailen|zenden)\b.{0,40}\b(?:kopie|factuur|duplicaat)\b|\bfactu(?:ur"
        r"|ren) (?:nergens|niet)\b|\bkopie van (?:de"
        r"|deze|uw) factu"),
    'delivery': re.compile(
        r"\b(?:goederen|levering|bestelling|pakket|zending|materiaal|machine|artikelen|order"
        r"|producten|pallets?|dozen)\b"
        r"[^,;]{0,50}\b(?:niet|nooit|nog niet|steeds niet)\b.{0,20}\b(?:geleverd|ontvangen"
        r"|aangekomen"
        r"|gearriveerd|binnen)\b|\b(?:niet|nooit|geen)\b.{0,20}\b(?:goederen|levering|pakket"
        r"|bestelling)\b.{0,20}\b(?:ontvangen|gekregen)\b|\bte laat geleverd\b|\bwachten (?:nog )?"
        r"(?:steeds )?op (?:de|onze) (?:goederen|levering|bestelling)\b"),
    'quantity': re.compile(
        r"\b(?:ontbrak|ontbraken|ontbreken|ontbreekt|missen|mist|misten)\b(?!.{0,40}\b(?:nummer"
        r"|inkoopnummer|ordernummer|btw|korting|referentie|creditnota)\b)(?<!nummer ontbreekt)"
        r"|\bin plaats van (?:de )?\d+|\bonvolledig\w*\b|\b(?:aantal|aantallen"
        r"|hoeveelheid)\b.{0,30}"
        r"\b(?:klopt|kloppen|onjuist|verkeerd|fout|niet)\b|\btekort\b"),
    'price': re.compile(
        r"\b(?:prijs|prijzen|korting|tarief|uurtarief)\b.{0,60}\b(?:klopt|kloppen|onjuist"
        r"|verkeerd|te"
        r" hoog|vergeten|afgesproken|niet|fout|hoger|ontbreekt)\b|\bte veel (?:berekend"
        r"|gefactureerd)\b"
        r"|\bte duur\b|\bafgesproken prijs\b|\bdubbel gefactureerd\b"),
    'quality': re.compile(
        r"\b(?:beschadigd\w*|defect\w*|kapot\w*|gebrekkig\w*|gebroken|slechte kwaliteit|bedorven"
        r"|gebreken"
        r"|krassen|reclam\w+)\b|\bwerk(?:t|en) niet\b(?! (?:meer|langer) (?:bij|voor|in|op))"
        r"|\bkwaliteitsprobleem\b|\bklacht\b"),
    'order': re.compile(
        r"\b(?:inkoopordernummer|inkoopnummer|ordernummer|bestelnummer|po-nummer|bestelbonnummer"
        r"|bonnummer"
        r")\b|\b(?:verkeerde|foute) (?:firma|entiteit|vennootschap|factuuradres|bedrijf"
        r"|bedrijfsnaam)\b"
        r"|\b(?:factuuradres|tenaamstelling|bedrijfsnaam)\b.{0,20}\b(?:onjuist|klopt|verkeerd)"),
    'tax': re.compile(
        r"\bbtw\b.{0,60}\b(?:onjuist|niet|verkeerd|verlegd|terwijl|fout|ten onrechte|klopt"
        r"|tarief)\b"
        r"|\bbtw[- ]verleg\w+\b|\bzonder btw\b"),
    'contract': re.compile(
        r"\b(?:nooit|niet|niets)\b(?: \w+){0,2} ?(?:besteld|getekend|ondertekend|geautoriseerd"
        r"|akkoord"
        r" gegeven)\b|\b(?:contract|abonnement|bestelling|overeenkomst"
        r"|order)\b.{0,40}\b(?:opgezegd"
        r"|geannuleerd|beeindigd)\b|\bzonder (?:onze )?opdracht\b"),
}
DISPUTE = re.compile(
    r"\b(?:betwist\w*|niet (?:mee )?eens|niet akkoord|bezwaar|weiger\w*|protesteren)\b"
    r"|\b(?:wachten|beloofde|beloofd|verwachten|ontbreekt)\b.{0,40}\b(?:creditnota"
    r"|creditfactuur)\b"
    r"|\bfactuur (?:klopt )?(?:zo )?niet\b"
    r"|\bfactuur is (?:zo )?(?:onjuist|fout|verkeerd|niet (?:correct|juist|goed|in orde))\b")
ABSENT = re.compile(
    r"\b(?:ben|zal|momenteel)\b.{0,30}\b(?:afwezig|niet (?:aanwezig|op kantoor|bereikbaar)"
    r"|met vakantie"
    r"|op vakantie|met verlof|op reis|ziek)\b|\b(?:weer|terug) (?:terug|aanwezig|bereikbaar"
    r"|op kantoor)\b"
    r"|\b(?:kantoor|bedrijf|wij|we)\b.{0,20}\b(?:is|zijn) .{0,20}\b(?:gesloten|dicht)\b"
    r"|\bcollectieve"
    r" (?:vakantie|sluiting)\b|\bautomatisch (?:antwoord|bericht)\b|\bafwezigheid\w*\b")
ABSENT_SUBJECT = re.compile(
    r"\b(?:automatisch antwoord|afwezig\w*|automatische reactie|out of office|automatic reply)\b")
BACK = re.compile(
    r"\b(?:vanaf|terug(?: op)?|weer(?: op| vanaf)?|hervat\w*)[^.]{0,12}$|\bben (?:ik )?(?:op )?$")
# Stands after the day of return.
BACK_AFTER = re.compile(r"[ ,]*(?:weer|terug)\b")
CONTACT = re.compile(
    r"\b(?:werkt|werkzaam|is)\b(?: \w+){0,2} niet (?:meer|langer)\b|\bniet (?:meer"
    r"|langer) (?:bij ons"
    r"|in dienst|werkzaam|gelezen|gebruikt|actief|geldig)\b|\b(?:bedrijf|organisatie"
    r"|dienst) (?:\w+ )?"
    r"verlaten\b|\buit dienst\b|\bmet pensioen\b"
    r"|\bniet (?:de )?(?:juiste|goede) (?:persoon|contactpersoon|adres|afdeling)\b"
    r"|\bverkeerde? (?:adres|persoon|afdeling|contactpersoon|mailadres)\b"
    r"|\bniet verantwoordelijk\b"
    r"|\b(?:nieuwe? (?:\w+ )?(?:post|bezoek|factuur)?adres|verhuisd|adreswijziging"
    r"|adres is (?:\w+ )?(?:gewijzigd|veranderd)|op een (?:andere|nieuwe) locatie)\b"
    r"|adres is nu\b|\bkantoor (?:is|zit|staat) (?:nu )?(?:aan|op)\b|\bons kantoor (?:nu )?aan de\b"
    r"|\bons (?:\w+ )?adres (?:\w+ ){0,3}(?:wijzigen|aanpassen)\b"
    r"|\b(?:graag|gelieve|kunt|stuur|mailen|neem)\b.{0,80}\b[\w.+-]+@[\w.-]+\w")
PRIVACY = re.compile(
    r"\b(?:uitschrijven|uit te schrijven|afmelden|af te melden)\b|\b(?:mailinglijst|maillijst"
    r"|nieuwsbrief"
    r"|mailing)\b|\bavg\b|\bgdpr\b|\bpersoonsgegevens\b|\bgegevens (?:te )?(?:verwijderen"
    r"|wissen)\b"
    r"|\bmijn gegevens\b|\bstop met\b|\brecht op (?:inzage|vergetelheid|verwijdering)\b"
    r"|\b(?:geen|niet meer) (?:mails|e-mails|berichten)\b")
HEDGE = re.compile(
    r"\b(?:waarschijnlijk|vermoedelijk|hopelijk|normaal gesproken|normaliter|eventueel|misschien"
    r"|zou"
    r"|zouden|proberen|verwachten|ongeveer|rond|in principe|volgens mij|ik denk)\b")
CONDITION = re.compile(
    r"\b(?:zodra|als|indien|mits|nadat|na (?:ontvangst|levering|goedkeuring|controle)|voordat"
    r"|wanneer"
    r"|op voorwaarde|onder voorbehoud|tenzij|zolang)\b")
REFERENCE = re.compile(
    r"\b(?:kenmerk|referentie|ref\.?|betalingskenmerk|mededeling|transactienummer)"
    r"\s*:?\s*(?P<reference>[a-z0-9][\w/.-]*\d[\w/-]*)")
# "Not" in any form; not the one of "niet later dan" and "geen probleem".
NOT = re.compile(
    r"\b(?:niet(?! later| alleen)|nooit|geen(?! probleem)|niemand|noch|betwijfel\w*|onzeker)\b")
CLAUSE = re.compile(
    r",(?!\d| (?:dat|of)\b)|[;:()]| - |\b(?:maar|en|want|omdat|echter|dus)\b")
# What is said not to be so: read as if it were not written.
DENIAL = re.compile(
    r"\b(?:geen|zonder)(?: \w+)? (?:bezwa(?:ar|ren)|geschil\w*|klacht\w*|reclamatie\w*"
    r"|opmerkingen|problem\w*|gebreken|tekort\w*)\b"
    r"|\b(?:betwist\w*|weiger\w*|reclameer\w*|protesteren)\b[^,;]{0,40}?\bniet\b"
    r"|\bniet (?:\w+ )?(?:betwist\w*|beschadigd\w*|defect\w*|kapot\w*|gebrekkig\w*|gebroken"
    r"|onjuist\w*|verkeerd\w*|fout\w*|te hoog|te duur|onvolledig\w*|afwezig|op vakantie"
    r"|met vakantie|met verlof|ziek|gewijzigd|veranderd|verhuisd|verlaten)\b"
    r"|\b(?:klopt|kloppen)\b(?![^.,;]{0,60}\b(?:niet|geen))"
    r"|\b(?:ontbreek\w*|ontbrak\w*|ontbreken|mist|missen) (?:niets|geen|niet)\b|\bniets"
    r" (?:ontbreek\w*|ontbrak\w*|mist)\b"
    r"|\b(?:hebben|heb|heeft|is|zijn|werd|kon|konden)\b[^,;]{0,40}?\b(?:nog niet|niet|nooit)"
    r"(?: \w+)? (?:betaald|betalen|overgemaakt|voldaan|gestort)\b")
# Words of payment, of the claim itself, and of what else is sent, done or forwarded: a promise or a
# payment is about the first, or about the second without the third.
MONEY = re.compile(
    r"\b(?:\w*beta(?:a|l)\w*|overma\w*|overgemaakt|overschr\w*|overboek\w*|voldaan|voldoen|bedrag"
    r"|geld|saldo|gestort|storten|over|eur|euro)\b|€")
OTHER = re.compile(
    r"\b(?:levering\w*|goederen|contract\w*|bericht|brief|e-mail|mail|door\w*stu\w*|doorgestuurd"
    r"|bespre\w*|klacht\w*|offerte|bestelling\w*|pakket|controle|afspraak|documenten|antwoord"
    r"|collega\w*)\b")
ABOUT = re.compile(r"\b(?:factu(?:ur|ren)|dit|dat|deze|die|alles|posten)\b")
