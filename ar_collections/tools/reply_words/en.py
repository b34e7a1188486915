"""English."""
import re

from ..reply_dates import compile_patterns

STOPWORDS = set(
    "the we you is are and to of for this that it on in will have has been your our be please not "
    "i with was by at from me my no hello dear thank thanks regards invoice payment paid".split())
MONTHS = {
    name: number for number, names in enumerate((
        "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
        "august aug", "september sept sep", "october oct", "november nov", "december dec",
    ), 1) for name in names.split()}
WEEKDAYS = {
    name: number for number, names in enumerate((
        "monday mon", "tuesday tue", "wednesday wed", "thursday thu", "friday fri", "saturday sat",
        "sunday sun")) for name in names.split()}
NUMBERS = {
    'a': 1, 'one': 1, 'two': 2, 'three': 3, 'four': 4, 'five': 5, 'six': 6, 'seven': 7, 'eight': 8,
    'nine': 9, 'ten': 10, 'twelve': 12, 'fourteen': 14, 'fifteen': 15, 'twenty': 20, 'thirty': 30,
    'a couple of': 2}
# Slashed dates are read by the country of the writer: 5/6 is May 6 in the United States.
DAY_FIRST = False
# What stands before the date of a document, not of a payment.
DOCUMENT_DATE = re.compile(
    r"(?:invoices?|bill|statement|reminder|letter|e-?mail|message|order|delivery|note|contract)"
    r"(?: no\.?| number)?(?: [\w/-]*\d[\w/-]*)?,? (?:of|from|dated|dd\.?|due)(?: the| on)? $"
    r"|\b(?:dated|due(?: date)?(?: is| was| on)?|issued|delivered|since|call(?:ed)?)(?: on)? $")

DATE_PATTERNS = compile_patterns([
    ('named', r"\b{day}(?:st|nd|rd|th)?(?: of)? {month}\b(?:,? {year})?"),
    ('end_named', r"\bend of {month}\b(?: {year})?"),
    ('mid_named', r"\b(?:mid[- ]|(?:the )?middle of ){month}\b"),
    ('begin_named', r"\b(?:(?:the )?(?:beginning|start) of|early) {month}\b"),
    ('named', r"\b{month}\.? {day}(?:st|nd|rd|th)?\b(?!\d)(?:,? {year})?"),
    ('numeric', r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./])(?P<second>\d{1,2})(?![\d/.]*\d)"),
    ('day_of_next_month', r"\b(?:the )?{day}(?:st|nd|rd|th)? of next month\b"),
    ('next_month_end', r"\b(?:the )?end of (?:the )?next month\b"),
    ('month_end', r"\b(?:the )?end of (?:the |this )?(?:current )?month\b|\bmonth[- ]end\b"
                  r"|\beom\b"),
    ('next_week', r"\b(?:the )?end of next week\b"),
    ('week_end', r"\b(?:the )?end of (?:the |this )?week\b|\bthis week\b|\bcob friday\b"),
    ('weekday_next_week', r"\b{weekday}(?:,)? (?:of )?next week\b"),
    ('weekday_next_week', r"\bnext week(?: on)? {weekday}\b"),
    ('weekday_last', r"\b(?:last|past|previous) {weekday}\b"),
    ('weekday_next_week', r"\bnext {weekday}\b"),
    ('weekday', r"\b(?:(?:this|coming|this coming) )?{weekday}\b(?! (?:of )?last week)"),
    ('last_week', r"\blast (?:week|month)\b"),
    ('next_week', r"\bnext week\b|\b(?:in the )?coming week\b"),
    ('in_days', r"\b(?:within|in|inside)(?: the)?(?: next)? {number} (?:working |business "
                r"|calendar )?days?\b"),
    ('in_weeks', r"\b(?:within|in)(?: the)?(?: next)? {number} weeks?(?:'s? time)?\b"),
    ('days_ago', r"\b{number} days? ago\b"),
    ('weeks_ago', r"\b{number} weeks? ago\b"),
    ('fortnight', r"\b(?:within|in) a fortnight\b"),
    ('after_tomorrow', r"\b(?:the )?day after tomorrow\b"),
    ('before_yesterday', r"\b(?:the )?day before yesterday\b"),
    ('tomorrow', r"\btomorrow\b"),
    ('yesterday', r"\byesterday\b"),
    ('today', r"\btoday\b|\bthis (?:morning|afternoon|evening)\b|\btonight\b"),
    ('week_number', r"\b(?:(?:calendar )?week|cw) ?(?P<number>\d{1,2})\b"),
    ('day_of_month', r"\b(?:on|by|before|until) the {day}(?:st|nd|rd|th)\b(?! of)"),
], globals())

PAY = r"(?:pay|settle|transfer|remit|wire|clear|process|send|make|release|execute|issue)"
PROMISE = re.compile(
    r"\b(?:we|i|they|accounts?|accounting|finance|head office|my colleagues?)"
    r"(?:'ll| will| shall|(?:'re| are|'m| am) going to| intend to| plan to| commit to| promise to"
    rf"| can| could| aim to| undertake to| should)(?: \w+){{0,4}}? {PAY}\b"
    r"|\b(?:payments?|transfer|invoices?|amount|balance|it|this|they|these|bill|rest|remainder|sum"
    r"|total|money|funds|cheque|check)(?:'ll\b|\b.{0,60}?\b(?:will|shall|(?:is|are) going to"
    r"|should)\b)"
    r"(?: \w+){0,3}? (?:paid|settled|made|transferred|sent|remitted|processed|executed|done|wired"
    r"|released|included|go out|go|follow|arrive|reach|leave|cleared|be with you"
    r"|be in your account|be on"
    r" (?:your|its))\b"
    r"|\b(?:payment|transfer|it|invoices?)\b.{0,50}? (?:is|are|has been|was|have been)(?: now)?"
    r" (?:scheduled|planned|programmed|set up|booked|foreseen|approved|lined up|due to (?:go"
    r"|leave))"
    r"(?: \w+){0,3}? (?:for|on|by|in)\b"
    r"|\b(?:we|i)(?:'re| are|'m| am) (?:paying|settling|transferring|sending (?:you )?(?:the"
    r"|your))"
    r"|\byou(?:'ll| will| can expect to| shall| should) (?:receive|have|get|see)\b.{0,30}"
    r"\b(?:payment|money|funds|transfer|amount|it)\b"
    r"|\b(?:expect|count on) (?:the |our |your )?(?:payment|transfer|money)"
    r"|\bwe(?:'ll| will) (?:do|arrange|make|organi[sz]e) (?:it|that|this|payment|the payment)"
    r"|\b(?:but|and)(?:'ll| will| shall)(?: \w+){0,2}? (?:pay|settle|transfer)\b"
    r"|\bpayment (?:by|on|date:?) ")
NO_PROMISE = re.compile(
    r"\b(?:cannot|can't|can not|won't|will not|unable|not able|not going to|don't intend|refuse"
    r"|not pay|not be pa(?:id|ying)|don't (?:have to )?pay|visit)\b"
    r"|\b(?:instal?ments?|payment plan|monthly payments?|in \w+ (?:parts|payments|rates))\b"
    r"|\bhow (?:do|should|can|shall)\b|\b(?:usually|generally)\b"
    r"|\bour (?:own )?(?:customers?|clients?)\b")
PAID = re.compile(
    r"\b(?:we|i|they|accounts|finance)(?:'ve| have| did)?(?: (?!not\b|will\b|never\b)\w+){0,3}?"
    r" (?:paid|settled|transferred|wired|remitted|cleared|made (?:the|a|this|our|that|your)"
    r" (?:\w+ )?(?:payment|transfer)|sent (?:you )?(?:the|our|a|your) (?:\w+ )?(?:payment|transfer"
    r"|money|cheque|check)|initiated the (?:payment|transfer))\b"
    r"|\b(?:was|were|has|have|is|are|got)(?: (?!not\b|to\b|never\b)\w+){0,3}? "
    r"(?:paid|settled|transferred|wired|remitted|cleared|processed|released)\b"
    r"|\balready (?:paid|settled|transferred|sent|done)\b"
    r"|^\W*(?:it )?(?:paid|settled|transferred|wired)\b"
    r"|\b(?:payment|transfer|money|funds|cheque|check)\b.{0,40}?\b(?:was|were|has|have"
    r"|went)(?: been)?"
    r"(?: already)? (?:made|done|sent|executed|issued|initiated|left our|gone|went out|out"
    r"|debited)\b"
    r"|\bpayment (?:sent|made|done|executed)\b|\bproof of (?:payment|transfer) (?:is )?attached\b"
    r"|\battached (?:\w+ ){0,3}proof of payment\b")
NOT_PAID = re.compile(
    r"(?:\bnot|n't|\bnever)\b(?: \w+){0,4} (?:paid|settled|transferred|made)\b|\bto be (?:paid"
    r"|settled)\b"
    r"|\bwill (?:\w+ )?(?:be|have been) (?:paid|settled|transferred)|\b(?:unpaid|prepaid"
    r"|overpaid)\b"
    r"|\b(?:when|once|until|before|after|if|as soon as) .{0,40}\b(?:paid|settled)\b"
    r"|\bshould have (?:been )?paid\b|\b(?:but not|except|usually|generally)\b"
    r"|\bour (?:own )?(?:customers?|clients?)\b")
REASONS = {
    'not_received': re.compile(
        r"(?:\bnot|n't|\bnever)\b(?: \w+){0,3} (?:received|receive|got|get|have|had|find|see"
        r"|seen|trace)"
        r"(?: \w+){0,4} (?:invoices?|bill|copy)\b"
        r"|\b(?<!will )(?<!'ll )(?:re-?send|send|forward|provide|e-?mail)(?: \w+){0,5} "
        r"(?:copy|copies|duplicate"
        r"|invoices?"
        r"|bill)\b|\bcopy of (?:the|this|that|your) invoice"
        r"|\b(?:invoices?|bill)\b.{0,40}\b(?:not|never)\b.{0,15}\b(?:received|arrived|reached)"),
    'delivery': re.compile(
        r"\b(?:goods|delivery|deliveries|order|parcel|shipment|pallets?|machine|products?|items?"
        r"|it"
        r"|package|equipment)\b[^,;]{0,40}(?:\bnot|n't|\bnever)\b.{0,20}\b(?:delivered|arrived"
        r"|received)"
        r"|(?:\bnot|n't|\bnever)\b(?: \w+){0,3} (?:received|receive|got|get)(?: \w+){0,4}? "
        r"(?:goods|delivery|order|parcel|shipment|products?|equipment|machine)\b"
        r"|\blate delivery\b|\bdeliver(?:ed|y)\b.{0,30}\b(?:late|delay)"
        r"|\bstill waiting for (?:the |our )?"
        r"(?:goods|delivery|order|parcel)"),
    'quantity': re.compile(
        r"\bmissing\b(?!.{0,30}\b(?:number|po|reference|invoice|vat|price"
        r"|discount)\b)(?<!number is "
        r"missing)(?<!is missing)|\bshort(?:age|[- ]delivered)\b|\bincomplete\b"
        r"|\binstead of (?:the )?"
        r"\d+\b|\bquantit(?:y|ies)\b.{0,30}\b(?:wrong|incorrect|not|differ|does)"
        r"|\bonly (?:received"
        r"|got|delivered) \d"),
    'price': re.compile(
        r"\b(?:prices?|discount|rebate|hourly rate|unit price)\b.{0,60}\b(?:wrong|incorrect|not"
        r"|n't"
        r"|differ\w*|too high|higher|missing|forgot\w*|agreed)\b|\bovercharged\b|\btoo expensive\b"
        r"|\bagreed (?:price|rate|discount)\b|\bcharged (?:us )?(?:too much|twice|double)\b"
        r"|\bnot the (?:price|amount) (?:we|that)\b|\bquote[d]?\b.{0,40}\b(?:but|instead"
        r"|lower)\b"),
    'quality': re.compile(
        r"\b(?:damaged|defective|broken|faulty|scratched|poor quality|leaking|mould|mouldy"
        r"|rotten)\b"
        r"|\bquality (?:problem|issue|complaint)|\b(?:does|do|did)(?: not|n't) work\b"
        r"|\bnot working\b"),
    'order': re.compile(
        r"\b(?:purchase order|p\.?o\.?|order) (?:number|reference|no\.?)\b|\bwrong (?:company"
        r"|entity"
        r"|billing (?:address|entity)|legal entity|company name)\b|\bre-?issue\b"
        r"|\binvoice\b.{0,30}\b(?:address|name|entity)\b.{0,20}\b(?:wrong|incorrect)"
        r"|\bp\.?o\.?\b.{0,15}\b(?:missing|required|mandatory)"),
    'tax': re.compile(
        r"\bvat\b.{0,60}\b(?:wrong|incorrect|should|not|n't|missing|exempt|rate|although)\b"
        r"|\breverse charge\b|\bcharged (?:us )?vat\b|\bwrong vat\b"),
    'contract': re.compile(
        r"\b(?:never|not|n't)\b (?:\w+ )?(?:ordered|order|signed|sign|authori[sz]ed?|agreed to"
        r"|requested)\b"
        r"|\b(?:order|contract|subscription)\b.{0,20}\b(?:was|were|has been|is)? ?(?:cancell?ed"
        r"|terminated)\b|\bcancell?ed (?:the|this|our|that) (?:order|contract|subscription)\b"
        r"|\bwithout (?:our|any) (?:order|agreement|authori[sz]ation)\b"),
}
DISPUTE = re.compile(
    r"\b(?:dispute|contest|disagree|object to|do not accept|don't accept|refuse)\b"
    r"|\b(?:waiting for|awaiting|expect|still need|promised|owe us)\b.{0,40}\bcredit note\b"
    r"|\binvoice (?:is|are) (?:wrong|incorrect|not correct)\b|\bsomething is wrong\b")
ABSENT = re.compile(
    r"\b(?:am|i'm|will be|currently|be)(?: \w+){0,2} (?:out of (?:the )?office"
    r"|on (?:\w+ )?(?:leave"
    r"|holidays?|vacation)|away|absent|travell?ing|ooo)\b|\boffices? (?:is|are|will be) closed\b"
    r"|\blimited access to (?:my )?e-?mails?\b|\bi(?:'ll| will| shall)? (?:be|am) back\b"
    r"|\bautomatic (?:reply|response)\b|\bout of office\b|\bi will return\b|\bon my return\b")
ABSENT_SUBJECT = re.compile(
    r"\b(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|ooo)\b")
BACK = re.compile(
    r"\b(?:back|return(?:ing|s)?|again|resume|reopen\w*)\b[^.]{0,25}$|\bfrom (?:the )?$")
# Nothing stands after the day of return.
BACK_AFTER = re.compile(r"(?!)")
CONTACT = re.compile(
    r"\b(?:no longer|doesn't|does not|not anymore)(?: \w+)? ?(?:works?|employed|with (?:us"
    r"|the company)"
    r"|in charge|responsible|here)\b|\b(?:has )?left (?:the|our) (?:company|organi[sz]ation|firm"
    r"|business)\b|\bhas left us\b|\bretired\b"
    r"|\bwrong (?:address|person|department|contact|recipient|mailbox)\b"
    r"|\bnot (?:the )?(?:right|correct|appropriate) (?:person|contact|address|recipient"
    r"|department)\b"
    r"|\bnot (?:responsible|in charge)\b|\bmailbox is no longer\b"
    r"|\b(?:new|changed|change of)(?: our| my| the)?(?: billing| postal| e-?mail"
    r"| invoice)? address\b"
    r"|\bwe(?:'ve| have)?(?: just| recently)? moved(?= (?:to|office|premises|house)|[.,:;!]|$)"
    r"|\b(?:we|company|offices?|firm)(?: \w+)? relocated\b"
    r"|\baddress(?: \w+)? (?:has|have|is|was)(?: \w+)? changed\b|\baddress is now\b"
    r"|\b(?:our|the)(?: \w+)? (?:office|headquarters|premises) (?:is|are) (?:now )?(?:at|in)\b"
    r"|\b(?:change|update|correct) our(?: \w+)? address\b"
    r"|\b(?:please|kindly)\b.{0,60}\b[\w.+-]+@[\w.-]+\w")
PRIVACY = re.compile(
    r"\bunsubscribe\b|\bopt(?:ing)?[- ]out\b|\bgdpr\b|\bdata protection\b|\bccpa\b"
    r"|\b(?:delete|erase|remove)(?: \w+){0,3} (?:personal )?data\b"
    r"|\b(?:remove|take)(?: \w+){0,4} (?:list|database|mailing)\b"
    r"|\bright (?:of access|to erasure|to be forgotten|to object)\b"
    r"|\bstop (?:e-?mailing|contacting|writing to|spamming|sending)\b|\bmy data\b")
HEDGE = re.compile(
    r"\b(?:hopefully|probably|normally|should|try|expect|perhaps|maybe|might|could|likely"
    r"|if possible"
    r"|approximately|around|as far as i know|i think|i believe)\b")
CONDITION = re.compile(
    r"\b(?:if|once|unless|as soon as|provided|subject to|depend\w*|after (?:we|you|receipt"
    r"|receiving)"
    r"|when (?:we|you|our|the|they)|before (?:we|i) (?:pay|can|settle))\b")
REFERENCE = re.compile(
    r"\b(?:(?:payment |bank |transfer |our |under )?ref(?:erence|\.)?(?: no\.?| number)?"
    r"|transaction(?: id| no\.?)?)\s*:?\s*(?P<reference>[a-z0-9][\w/.-]*\d[\w/-]*)")
# "Not" in any form; not the one of "no later than", "no problem" and "invoice no. 12".
NOT = re.compile(
    r"\b(?:not(?! later| only)|never|no(?! later| problem| worr|\.| \S*\d)|none|nobody|neither|nor"
    r"|hardly|doubt|cannot|unable|unsure)\b|n't\b")
CLAUSE = re.compile(
    r",(?!\d)|[;:()]| - |\b(?:but|and|so|because|as|since|however|although|though)\b")
# What is said not to be so: read as if it were not written.
DENIAL = re.compile(
    r"\b(?:no|without(?: any)?|any|(?:not|isn't|n't) an?)(?: \w+)? (?:disputes?|objections?"
    r"|complaints?|disagreements?|damage|shortages?|problems?)\b"
    r"|(?:\bnot|n't|\bnever)(?: (?!only\b|just\b)\w+){0,2} (?:disput\w+|contest\w*|object\w*"
    r"|disagree\w*|refus\w+|complain\w*)"
    r"|(?:\bnot|n't|\bnever|\bnor)(?: (?!only\b|just\b)\w+)? (?:damaged|defective|broken|faulty"
    r"|scratched|wrong|incorrect|missing|overcharged|too (?:high|expensive)|late|incomplete)\b"
    r"|\b(?:nothing|none)(?: \w+){0,3} (?:missing|wrong|damaged|broken)\b"
    r"|\b(?:agreed )?(?:prices?|quantity|quantities|invoices?|amounts?|vat|addresse?s?)"
    r" (?:is|are|was|were|seems?)(?: (?:all|quite|perfectly))? (?:correct|right|fine|ok)\b"
    r"|(?:\bnot|n't)(?: (?!only\b)\w+)? (?:out of (?:the )?office|away|absent|on (?:leave"
    r"|holidays?|vacation)|changed|moved|relocated|left|retired)\b"
    r"|\b(?:has|have|had|was|were|is|are)(?:n't| not| never)(?: \w+){0,2} (?:paid|settled"
    r"|transferred|cleared|able to (?:pay|settle))\b(?: yet)?")
# Words of payment, of the claim itself, and of what else is sent, done or forwarded: a promise or a
# payment is about the first, or about the second without the third.
MONEY = re.compile(
    r"\b(?:pay|pays|paying|paid|payments?|money|funds|amounts?|balance|settl\w+|remit\w*|cheque"
    r"|wired?|eur|usd|gbp|euros?|(?:the|a|our|bank) transfers?)\b|[€$£]")
OTHER = re.compile(
    r"\b(?:messages?|e-?mails?|letters?|contracts?|documents?|decisions?|repl(?:y|ies)|answers?"
    r"|goods|deliver(?:y|ies)|parcels?|samples?|complaints?|offers?|quotes?|customs|meetings?"
    r"|appointments?|photos?|details|discuss\w*|forward\w*|colleagues?)\b")
ABOUT = re.compile(
    r"\b(?:invoices?|bills?|it|it's|it'll|this|that|these|they|them|all|everything)\b")
