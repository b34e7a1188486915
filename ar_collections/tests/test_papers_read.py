import io
import re
from datetime import date

import polib
from openpyxl import load_workbook

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_path, html2plaintext
from odoo.tools.pdf import PdfReader

from .factoring_common import FactoringCommon
from .legal_common import LegalCommon

# What each delivered notice must say, after its own row "What it must say" and its source: words
# in English, words in French. Common to all: the debt, its origin, the amount, the days, the names.
MENTIONS = {
    'fr': (("formal notice", "article 1344", "8 days of its receipt", "40 €", "L441-10", "D441-5",
            "all legal means"),
           ("mettons en demeure", "article 1344", "8 jours à compter de sa réception", "40 €",
            "L441-10", "D441-5", "toutes voies de droit")),
    'fr_consumer': (("formal notice", "article 1344", "15 days of its receipt", "legal rate",
                     "1231-6", "go to court"),
                    ("mettons en demeure", "15 jours à compter de sa réception", "taux légal",
                     "1231-6", "saisir la justice")),
    'be': (("formal notice", "8 days of its receipt", "law of 2 August 2002", "40 €",
            "all legal means"),
           ("mettons en demeure", "8 jours à compter de sa réception", "loi du 2 août 2002", "40 €",
            "toutes voies de droit")),
    # 65 € and 5 % of what is above 500 €.
    'be_consumer': (("14 calendar days", "third working day", "free of charge", "90.00 €",
                     "company number 0477472701", "Three chairs and a table", "due on 05/20/2026"),
                    ("14 jours calendrier", "gratuit", "90,00 €",
                     "numéro d'entreprise 0477472701", "Three chairs and a table",
                     "échue le 20/05/2026")),
    'nl': (("formal notice", "14 days of its receipt", "reserve all our rights", "3:317",
            "6:119a", "6:96"),
           ("mettons en demeure", "14 jours à compter de sa réception", "réservons tous nos droits",
            "3:317", "6:119a", "6:96")),
    # 15 % of 1,000 €; fourteen full days begin the day after receipt.
    'nl_consumer': (("within 15 days of receiving", "no costs are due then",
                     "collection costs of 150.00 €"),
                    ("dans les 15 jours qui suivent la réception", "aucuns frais",
                     "frais de recouvrement de 150,00 €")),
    'de': (("for the last time to pay", "10 days of receiving", "You are in default", "40 €",
            "288 BGB"),
           ("dernière fois de payer", "10 jours suivant la réception", "Vous êtes en demeure",
            "40 €", "288 BGB")),
    'de_consumer': (("Please pay this sum within 14 days", "you are in default", "288 I BGB",
                     "If you contest"),
                    ("payer cette somme dans les 14 jours", "vous êtes en demeure", "288 I BGB",
                     "Si vous contestez")),
    'lu': (("formal notice", "8 days of its receipt", "law of 18 April 2004", "40 €",
            "take the debt to court"),
           ("mettons en demeure", "8 jours à compter de sa réception", "loi modifiée du 18 avril"
            " 2004", "40 €", "saisirons le tribunal")),
    'es': (("We demand that you pay", "30 days of receiving", "Organic Law 1/2025",
            "invite you to settle", "Law 3/2004", "confidential", "1973 of the Civil Code"),
           ("demandons de nous payer", "30 jours qui suivent la réception", "loi organique 1/2025",
            "invitons à régler", "loi 3/2004", "confidentielle", "article 1973")),
    'it': (("formally in default", "article 1219", "15 days of its receipt", "231/2002", "40 €",
            "2943"),
           ("formellement en demeure", "article 1219", "15 jours à compter de sa réception",
            "231/2002", "40 €", "2943")),
    'ie': (("We demand payment", "14 days of receiving", "SI 580/2012", "If you dispute",
            "issue proceedings"),
           ("vous demandons de payer", "14 jours qui suivent la réception", "SI 580/2012",
            "Si vous en contestez", "engagerons une procédure")),
    'at': (("for the last time to pay", "10 days of receiving", "456 UGB", "458 UGB", "40 €",
            "go to court"),
           ("dernière fois de payer", "10 jours qui suivent la réception", "456 UGB", "458 UGB",
            "40 €", "saisirons le tribunal")),
    'at_consumer': (("Please pay this sum within 14 days", "4 %", "1000 ABGB", "If you contest"),
                    ("payer cette somme dans les 14 jours", "4 %", "1000 ABGB",
                     "Si vous contestez")),
    'ch': (("for the last time to pay", "you are in default", "article 102", "5 %",
            "no further time to pay", "10 days of receiving", "debt enforcement"),
           ("dernière fois de payer", "vous êtes en demeure", "article 102", "5 %",
            "aucun délai de paiement", "10 jours qui suivent la réception", "poursuite")),
    'ch_consumer': (("you are in default", "article 102", "5 %", "14 days of receiving",
                     "debt enforcement", "If you contest"),
                    ("vous êtes en demeure", "article 102", "5 %",
                     "14 jours qui suivent la réception", "poursuite", "Si vous contestez")),
    'gb': (("letter before claim", "14 days of receiving", "Interest) Act 1998", "If you dispute",
            "copies of the documents", "ready to discuss", "invoiced"),
           ("lettre avant action", "14 jours qui suivent sa réception", "Interest) Act 1998",
            "Si vous contestez", "copie des pièces", "prêts à discuter", "facturés")),
}
# No consumer owes them.
BUSINESS_ONLY = ("40 €", "L441-10", "6:119a", "456 UGB", "§ 288 BGB")


@tagged('post_install', '-at_install')
class TestPapersRead(LegalCommon, FactoringCommon):
    """Papers of the end of the line as the printer makes them, read back in two languages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('fr_FR')
        cls.env['ir.module.module']._load_module_terms(['ar_collections'], ['fr_FR'])
        cls.company.write({
            'company_registry': '0477472701', 'street': "9 quai Neuf", 'zip': '69002',
            'city': "Lyon"})

    def pdf(self, report, records):
        """Print records with the real printer, in one run.

        :return: list with the text of each record's pages
        """
        content, kind = self.env['ir.actions.report'].with_context(
            force_report_rendering=True)._render_qweb_pdf(f'ar_collections.{report}', records.ids)
        self.assertEqual(kind, 'pdf')
        parts = self.env['ar.letter']._cut_pdf(content, len(records))
        return [self.read_text(part) for part in parts]

    def read_text(self, content):
        """Return the text of all pages as one line, words broken at a hyphen joined again."""
        self.assertEqual(content[:5], b'%PDF-')
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        text = " ".join(text.replace('\xa0', ' ').replace('\u202f', ' ').split())
        return re.sub(r'(?<=\w)- (?=\w)', '-', text)

    def assertSays(self, text, *words):
        self.assertFalse([word for word in words if word not in text], text)

    # === FORMAL NOTICES === #

    def late_case(self, text):
        """Open a case about 1,000 € of a debtor whom a text addresses; it speaks English."""
        partner = self.customer(
            f"Debtor {text.country_id.code} {text.debtor}", country_id=text.country_id.id,
            street="4 rue Longue", city="Ailleurs", lang='en_US')
        self.account_of(partner).debtor_kind = text.debtor
        bill = self.invoice(1000, due='2026-05-20', partner=partner, post=False)
        bill.invoice_line_ids.name = "Three chairs and a table\nOak"
        bill.action_post()
        return self.case(bill, user=self.clerk)

    def test_every_notice_says_what_its_law_wants_in_both_languages(self):
        texts = self.env['ar.formal.notice.text'].search([])
        self.assertEqual(
            {text.get_external_id()[text.id] for text in texts},
            {f'ar_collections.ar_formal_notice_{key}' for key in MENTIONS}, "a new text is read")
        for rule in ('nl_consumer', 'be_consumer'):
            self.env.ref(f'ar_collections.regime_{rule}').action_confirm()
        texts.filtered(lambda text: text.state != 'confirmed').action_confirm()
        cases = {key: self.late_case(self.env.ref(f'ar_collections.ar_formal_notice_{key}'))
                 for key in MENTIONS}
        every = self.env['ar.legal.case'].union(*cases.values())
        for lang, place, amount, due in (
                ('en_US', 0, "1,000.00 €", "05/20/2026"),
                ('fr_FR', 1, "1 000,00 €", "20/05/2026")):
            every.partner_id.lang = lang
            for (key, case), text in zip(
                    cases.items(), self.pdf('ar_formal_notice_report', every), strict=True):
                with self.subTest(notice=key, lang=lang):
                    self.assertEqual(case.notice_text_id.get_external_id()[
                        case.notice_text_id.id], f'ar_collections.ar_formal_notice_{key}')
                    self.assertSays(
                        text, *MENTIONS[key][place], amount, due, case.name,
                        case.line_ids.move_id.name, self.company.name, "9 quai Neuf",
                        "0477472701", case.partner_id.name, "4 rue Longue")
                    if case.notice_text_id.debtor == 'consumer':
                        for word in BUSINESS_ONLY:
                            self.assertNotIn(word, text)
                    if lang == 'fr_FR':
                        for word in ("Madam, Sir", "Days late", "To pay", "Bank details"):
                            self.assertNotIn(word, text)

    def test_what_is_filed_is_what_was_printed(self):
        case = self.late_case(self.env.ref('ar_collections.ar_formal_notice_fr'))
        case.notice_tracking = "1A 234 567 8901 2"
        case.with_context(force_report_rendering=True).action_print_notice()
        text = self.read_text(case.sudo().notice_attachment_id.raw)
        self.assertSays(text, *MENTIONS['fr'][0], "1A 234 567 8901 2", "June 1, 2026",
                        "Please quote with your payment", self.clerk.name)
        self.assertEqual(case.sudo().notice_attachment_id.mimetype, 'application/pdf')

    def test_a_notice_that_must_name_goods_and_number_is_refused_without(self):
        self.env.ref('ar_collections.regime_be_consumer').action_confirm()
        text = self.env.ref('ar_collections.ar_formal_notice_be_consumer')
        text.action_confirm()
        case = self.late_case(text)
        self.company.write({'company_registry': False, 'vat': False})
        with self.assertRaisesRegex(UserError, "names our company number"):
            case.action_print_notice()
        self.company.company_registry = '0477472701'
        bill = case.sudo().line_ids.move_id
        bill.invoice_line_ids.name = " "
        with self.assertRaisesRegex(UserError, f"on {bill.name}. Write a description"):
            case.action_print_notice()
        self.assertFalse(case.notice_attachment_id)
        # Other words are another text: a person reads it again.
        text.with_user(self.boss).names_goods = False
        self.assertEqual(text.state, 'unconfirmed')

    # === FACTORING === #

    def test_the_bordereau_on_paper(self):
        """Numbers, amounts, the factor's bank, the sentence of the law: for whom it is meant."""
        self.contract.write({'recourse': True, 'reference': "K-2026/7"})
        self.contract.action_default_text()
        self.buyer.write({'name': "Menuiserie Lopez", 'vat': 'FR23334175221'})
        bills = self.invoice(1000, due='2026-07-01') | self.invoice(234.5, due='2026-07-15')
        assignment = self.assignment(bills)
        for lang, draft, words in (
            ('en_US', "nothing has been assigned yet", (
                "Assignment of invoices", "1,000.00 €", "234.50 €", "1,234.50 €", "07/15/2026",
                "987.60 €", "with recourse", "assigned to Factor House",
                "number of invoices: 2")),
            ('fr_FR', "rien n'est encore cédé", (
                "Cession", "1 000,00 €", "234,50 €", "1 234,50 €", "15/07/2026", "987,60 €",
                "avec recours", "libératoire")),
        ):
            self.factor.lang = lang
            with self.subTest(lang=lang):
                [text] = self.pdf('ar_factoring_assignment_report', assignment)
                self.assertSays(
                    text, *words, assignment.name, "K-2026/7", *bills.mapped('name'),
                    "Menuiserie Lopez", "FR23334175221", "Factor House", "Our House",
                    "FR76 3000 6000 0112 3456 7890")
                self.assertEqual(draft in text, assignment.state == 'draft')
            if assignment.state == 'draft':
                assignment.action_assign()

    # === LATE INTEREST === #

    def test_every_rule_is_quoted_on_the_statement_in_both_languages(self):
        """The whole sentence of each confirmed rule stands on the paper, in French none is English.

        So does it on the reminder, and the mention on the invoices of a seller of the country.
        """
        french = {entry.msgid: entry.msgstr
                  for entry in polib.pofile(file_path('ar_collections/i18n/fr.po'))}
        rules = self.env['ar.legal.regime'].search([
            ('state', '=', 'confirmed'), ('rate_kind', '!=', 'none')])
        self.assertGreaterEqual(len(rules.country_id), 11)
        for rule in rules.filtered('mention'):
            self.assertNotEqual(french[rule.mention], rule.mention)
            self.assertEqual(rule.with_context(lang='fr_FR').mention, french[rule.mention])
        claims = self.env['ar.claim']
        for rule in rules:
            partner = self.customer(f"Late {rule.name}", country_id=rule.country_id.id)
            self.account_of(partner).write({
                'debtor_kind': rule.debtor, 'regime_id': rule.id, 'notice_channel': 'letter',
                'notice_date': '2026-04-01'})
            rule.currency_id.active = True
            self.invoice(1000, due='2026-03-10', partner=partner, currency=rule.currency_id)
            claims |= self.env['ar.claim']._prepare_for(
                self.account_of(partner), date(2026, 6, 1))
        self.assertEqual(claims.regime_id, rules)
        for lang in ('en_US', 'fr_FR'):
            claims.partner_id.lang = lang
            for claim, text in zip(claims, self.pdf('ar_claim_report', claims), strict=True):
                sentence = claim.regime_id.with_context(lang='en_US').sentence
                with self.subTest(rule=claim.regime_id.name, lang=lang):
                    wanted = sentence if lang == 'en_US' else french[sentence]
                    self.assertSays(text, " ".join(wanted.replace('\xa0', ' ').split()))
                    self.assertIn(claim.name, text)
                    if lang == 'fr_FR':
                        self.assertNotIn(sentence, text)
                        self.assertNotIn("Late interest", text)
        # The workbook is in the language of the customer too, whoever downloads it.
        sheet = load_workbook(io.BytesIO(
            claims[0].with_context(lang='en_US')._get_xlsx())).active
        self.assertEqual(
            [sheet.cell(4, column).value for column in (1, 8, 9)],
            [french["Invoice"], french["Days of the year"], french["Interest"]])
        self.assertIn("décompte", sheet.cell(1, 1).value)
        self.assertSays(text, french["Do it again by hand"])
        self.assert_quoted_on_reminders_and_invoices(claims, french)

    def assert_quoted_on_reminders_and_invoices(self, claims, french):
        """Read what the level that mentions puts into the message, and the printed mention."""
        self.ladder.level_ids.interest_mode = 'mention'
        reminders = self.run_dunning('2026-06-01').reminder_ids
        found = {reminder.partner_id: reminder for reminder in reminders}
        self.company.ar_mention_on_invoices = True
        seen = set()
        for lang in ('en_US', 'fr_FR'):
            claims.partner_id.lang = lang
            reminders.invalidate_recordset()
            for claim in claims:
                rule = claim.regime_id.with_context(lang='en_US')
                text = " ".join(html2plaintext(found[claim.partner_id].items_html).split())
                # Where interest waits for a notice, not every delay gives a claim.
                opening = (
                    "After the notice that the law asks for, late payment entitles us to interest."
                    if rule.needs_notice else "Late payment entitles us")
                opened = french.get(f"{opening} %s", opening).removesuffix(" %s") if (
                    rule.needs_notice) else "Tout retard de paiement"
                self.assertSays(text, *(" ".join(words.split()) for words in (
                    [rule.sentence, opening] if lang == 'en_US'
                    else [french[rule.sentence], opened])))
                if rule.debtor != 'business':
                    continue
                seen.add(rule.country_id.code)
                self.company.country_id = rule.country_id
                mention = claim.line_ids.move_id.with_context(lang=lang)._get_ar_mention()
                self.assertIn(rule.mention if lang == 'en_US' else french[rule.mention], mention)
        self.assertEqual(len(seen), 11)
