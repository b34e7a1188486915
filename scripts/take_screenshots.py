"""The pictures of the guide, in both languages. Called by scripts/screenshots on a fresh demo."""

import argparse
import time
from datetime import date, timedelta
from pathlib import Path

from browser import Browser, OdooUser
from draw_door import Door
from draw_papers import LANGUAGES, WAITING, Papers

LOGINS = ('admin', 'manager', 'collector', 'sales')
FORM = '.o_form_view .o_form_sheet'
LIST = '.o_list_view .o_data_row'
# Who pays in instalments, and whose claim goes to law.
AGREED = ("Menuiserie Lopez", "Garage Durand")
COCKPIT = '.o_ar_cockpit_ready canvas'


class Pictures(Papers, Door):
    """Plays one evening in the credit department, and takes its pictures."""

    def __init__(self, url, database, mails, folder, only):
        self.url, self.mails, self.folder, self.only = url, mails, folder, only
        self.users = {login: OdooUser(url, database, login) for login in LOGINS}
        self.admin = self.users['admin']
        self.browser = Browser()
        self.language = None

    # === TOOLS === #

    def speak(self, language):
        """Let every user see Odoo in this language."""
        self.language = language
        self.admin.call('res.users', 'write', [user.uid for user in self.users.values()],
                        {'lang': LANGUAGES[language]})

    def wanted(self, name):
        """Tell whether this picture was asked for."""
        return not self.only or name in self.only

    def path(self, name):
        """Return where the picture of this name goes."""
        return self.folder / self.language / f'{name}.png'

    def take(self, name, address, selector, *, login='manager', click=None, scroll=None,
             width=1280, height=800):
        """Take one screen as one user sees it."""
        if not self.wanted(name):
            return
        self.browser.resize(width, height)
        self.browser.log_in(self.users[login])
        self.browser.open(f'{self.url}/odoo/{address}', selector)
        if click:
            self.browser.click(click)
        if scroll:
            self.browser.scroll_to(scroll)
        self.browser.save(self.path(name))
        print(f"{self.language} {name}", flush=True)

    def cron(self, xmlid):
        """Run a scheduled action now, as an administrator would."""
        self.admin.call('ir.cron', 'method_direct_trigger', [self.admin.ref(xmlid)])

    def customer(self, name):
        """Return the id of a customer account."""
        return self.admin.search('ar.customer', [('partner_id.name', '=', name)])[0]

    def reminder(self, name, *states):
        """Return the id of a customer's newest reminder in one of these states."""
        return self.admin.search('ar.reminder', [
            ('partner_id.name', '=', name), ('state', 'in', states)], limit=1)[0]

    # === THE EVENING === #

    def play(self):
        """Take all pictures."""
        company = self.admin.call('res.users', 'read', [self.admin.uid], ['company_id'])
        self.company = company[0]['company_id'][0]
        self.both(self.before_the_night)
        self.both(self.credit)
        self.learn()
        self.both(self.figures)
        self.both(self.agreements)
        self.agree()
        self.both(self.desk)
        # Abroad everything leaves by itself: one customer gets a policy of its own, to have an
        # English message that waits.
        self.users['manager'].call(
            'ar.customer', 'write', [self.customer(WAITING['en'])],
            {'policy_id': self.admin.ref('ar_collections.ar_dunning_policy_cautious')})
        self.cron('ar_collections.ir_cron_ar_dunning_run')
        self.wait_for_mails()
        self.both(self.in_the_morning)
        self.print_letters()
        self.both(self.what_leaves)
        self.both(self.papers)
        self.both(self.door)
        self.both(self.signing)
        self.both(self.answers)
        self.browser.close()

    def both(self, scene):
        """Play a scene in each language."""
        for language in LANGUAGES:
            self.speak(language)
            scene()
        self.speak('en')

    def wait_for_mails(self):
        """The run has woken the scheduler: wait until every mail has left or was refused."""
        for _ in range(150):
            if not self.admin.search('ar.reminder', [
                    ('state', 'in', ('approved', 'queued', 'sending')),
                    ('channel', '!=', 'letter')]):
                return
            time.sleep(2)
        raise RuntimeError("mails are still waiting")

    def before_the_night(self):
        """Configuration, first steps and the preview."""
        self.admin.call('res.company', 'write', [self.company], {'ar_dunning_active': False})
        self.take('first_steps', 'receivables-first-steps', FORM, height=960)
        self.admin.call('res.company', 'write', [self.company], {'ar_dunning_active': True})
        cautious = self.admin.ref('ar_collections.ar_dunning_policy_cautious')
        level = self.admin.ref('ar_collections.ar_dunning_level_cautious_p15')
        self.take('policy', f'dunning-policies/{cautious}', FORM)
        self.take('level', f'dunning-levels/{level}', FORM)
        self.take('rules', 'dunning-rules', LIST)
        self.take('preview', 'dunning-preview', FORM, login='collector')
        self.take('preview_left_out', 'dunning-preview', FORM, login='collector',
                  click='.o_notebook .nav-link[name=skips]')
        self.take('settings', 'receivables-settings', '.o_setting_box #ar_approver, #ar_approver',
                  login='admin')

    def credit(self):
        """What the salesperson, the credit manager and the administrator see of credit."""
        self.take('credit_quotation', f'orders/{self.order("Garage Durand", "none")}', FORM,
                  login='sales')
        self.take('credit_order', f'orders/{self.order("Transports Martin", "held")}', FORM,
                  login='sales')
        self.take('credit_held', 'credit-held-orders', LIST)
        self.take('credit_customer', f'receivables/{self.customer("Menuiserie Lopez")}', FORM,
                  click='.o_notebook .nav-link[name=credit]',
                  scroll='.o_field_widget[name=covered_amount]', height=960)
        [request] = self.admin.search('ar.credit.request', [('state', '=', 'submitted')], limit=1)
        self.take('credit_request', f'credit-requests/{request}', FORM)
        [score] = self.admin.search('ar.credit.score', [
            ('customer_id', '=', self.customer("Transports Martin"))], limit=1)
        self.take('credit_score', f'credit-scores/{score}', FORM)
        self.take('credit_rules', 'credit-rules', LIST)
        self.take('credit_classes', 'credit-risk-classes', LIST)
        self.take('credit_settings', 'receivables-settings', '#ar_credit_active', login='admin',
                  scroll='#ar_credit_active')

    def learn(self):
        """What the figures read by night: months, and how customers pay."""
        for name in ('ir_cron_ar_kpi', 'ir_cron_ar_forecast_learn'):
            self.cron(f'ar_collections.{name}')

    def figures(self):
        """The reports, as the credit manager sees them."""
        self.take('aged_balance', 'receivables-aged-balance', '.o_data_row, .o_group_header',
                  width=1520)
        self.take('key_figures', 'receivables-key-figures', LIST)
        self.take('expected_cash', 'receivables-expected-cash', LIST)
        self.take('diagnosis', 'receivables-diagnosis', FORM, height=1200)

    def agreements(self):
        """Promises, disputes, and what being late costs a customer."""
        [dispute] = self.admin.search('ar.dispute', [('state', '=', 'open')], limit=1)
        self.take('promises', 'promises', LIST, login='collector')
        self.take('dispute', f'disputes/{dispute}', FORM, login='collector')
        self.take('late_interest', f'receivables/{self.customer("Transports Martin")}', FORM,
                  click='.o_notebook .nav-link[name=law]', scroll='.o_notebook', height=960)

    def agree(self):
        """What the demonstration leaves to the visitor: a plan, a case, a closing."""
        manager, today = self.users['manager'], date.today()
        items = {name: manager.search('account.move.line', [
            ('partner_id.commercial_partner_id.name', '=', name), ('reconciled', '=', False),
            ('account_id.account_type', '=', 'asset_receivable'), ('balance', '>', 0),
            ('parent_state', '=', 'posted'), ('date_maturity', '<', today.isoformat()),
        ], limit=2) for name in AGREED}
        currency = self.admin.call('res.company', 'read', [self.company], ['currency_id'])
        plan, case = AGREED
        self.plan = manager.call('ar.payment.plan', 'create', [{
            'customer_id': self.customer(plan), 'currency_id': currency[0]['currency_id'][0],
            'number': 3, 'first_date': (today + timedelta(days=10)).isoformat(),
            'line_ids': [[0, 0, {'move_line_id': item}] for item in items[plan]]}])[0]
        manager.call('ar.payment.plan', 'action_submit', [self.plan])
        self.case = manager.call('ar.legal.case', 'create', [{
            'customer_id': self.customer(case),
            'line_ids': [[0, 0, {'move_line_id': item}] for item in items[case]]}])[0]
        self.closing = manager.call('ar.provision', 'create', [{
            'company_id': self.company, 'date': today.isoformat()}])[0]
        self.end_of_the_line(items[case][0])

    def end_of_the_line(self, item):
        """Drafts only, so that no figure of the other pictures moves."""
        manager = self.users['manager']
        agency, factor = self.admin.call('res.partner', 'create', [
            {'name': name} for name in ("Cabinet Recouvrement de l'Ouest", "Ouest Affacturage")])
        self.payment = manager.call('ar.agency.payment', 'create', [{
            'case_id': self.case, 'party_id': agency, 'gross_amount': 250, 'fee_amount': 37.5}])[0]
        self.loss = manager.call('ar.write.off', 'create', [{
            'customer_id': self.customer(AGREED[1]), 'case_id': self.case, 'reason': "No assets.",
            'line_ids': [[0, 0, {'move_line_id': item}]]}])[0]
        contract = manager.call('ar.factoring.contract', 'create', [{
            'name': "Factor", 'partner_id': factor, 'advance_rate': 85, 'fee_rate': 0.6}])
        [self.contract] = contract
        self.assignment = manager.call(
            'ar.factoring.contract', 'action_new_assignment', contract)['res_id']

    def desk(self):
        """The collector's day, the end of the line, insurers and deadlines."""
        self.take('worklist', 'receivables-worklist', '.o_ar_customer', login='collector',
                  height=960)
        self.take('worklist_phone', 'receivables-worklist', '.o_ar_work', login='collector',
                  width=390, height=844)
        self.take('contacts', 'receivables-contacts', '.o_list_view', login='collector')
        self.take('plan', f'payment-plans/{self.plan}', FORM, login='collector')
        self.take('legal_case', f'legal-cases/{self.case}', FORM)
        self.take('agency_payment', f'agency-payments/{self.payment}', FORM)
        self.take('write_off', f'write-offs/{self.loss}', FORM, height=960)
        self.take('factoring_contract', f'ar.factoring.contract/{self.contract}', FORM, height=960)
        self.take('factoring', f'factoring/{self.assignment}', FORM, height=960)
        self.take('covers', 'covers', LIST)
        [cover] = self.admin.search('ar.cover', [
            ('customer_id', '=', self.customer("Müller Lichttechnik GmbH"))], limit=1)
        self.take('cover', f'covers/{cover}', FORM)
        self.take('cover_requests', 'cover-requests', LIST)
        self.take('insurance_policy', 'insurance-policies', LIST)
        self.take('ratings', 'external-ratings', LIST)
        self.take('deadlines', 'receivables-deadlines', LIST)
        self.take('expected_losses', f'expected-losses/{self.closing}', FORM, height=960)

    def order(self, name, state):
        """Return the id of a customer's quotation in a state of credit."""
        return self.admin.search('sale.order', [
            ('partner_id.name', '=', name), ('state', '=', 'draft'),
            ('ar_credit_state', '=', state)], limit=1)[0]

    def in_the_morning(self):
        """What the night has left on the desk."""
        run = self.admin.search('ar.dunning.run', [('kind', '=', 'nightly')], limit=1)[0]
        name = WAITING[self.language]
        self.take('cockpit', 'receivables-cockpit', COCKPIT, height=1440)
        self.take('cockpit_phone', 'receivables-cockpit', COCKPIT, width=375, height=1500)
        self.take('customers', 'receivables', LIST, login='collector')
        self.take('customer', f'receivables/{self.customer("Transports Martin")}', FORM,
                  login='collector')
        self.take('run', f'dunning-runs/{run}', FORM)
        self.take('to_approve', 'reminders-to-approve', '.o_data_row, .o_group_header')
        self.take('reminder', f'reminders/{self.reminder(name, "proposed", "approved")}', FORM)
        failed = self.reminder("Pâtisserie Rivoire", 'failed')
        self.take('failed', f'reminders-problems/{failed}', FORM, login='collector')
        invoice = self.admin.search('account.move', [
            ('partner_id.name', '=', "Transports Martin"), ('payment_state', '=', 'not_paid')],
            order='invoice_date_due', limit=1)[0]
        self.take('invoice', f'customer-invoices/{invoice}', FORM, login='collector',
                  click='.o_notebook .nav-link[name=other_info]',
                  scroll='.o_field_widget[name=ar_dunning_policy_id]')
        self.take('open_items', 'receivables-open-items', '.o_data_row, .o_group_header',
                  login='collector')

    def print_letters(self):
        """A collector approves the letters, one of them by choice, and prints the batch."""
        collector = self.users['collector']
        # Who waits depends on the day of the week: any customer of the language will do.
        self.letters = {language: self.admin.search('ar.reminder', [
            ('partner_id.lang', '=', code), ('state', '=', 'proposed')], limit=1)[0]
            for language, code in LANGUAGES.items()}
        letters = list(self.letters.values())
        collector.call('ar.reminder', 'write', letters, {'channel': 'letter'})
        collector.call('ar.reminder', 'action_approve', letters)
        collector.call('ar.reminder', 'action_print_letters', letters)

    def what_leaves(self):
        """A page of the printed letters, and an e-mail as it arrived."""
        if self.wanted('letter'):
            [reminder] = self.admin.call(
                'ar.reminder', 'read', [self.letters[self.language]], ['attachment_id'])
            self.draw_pdf('letter', f'/web/content/{reminder["attachment_id"][0]}')
        if self.wanted('mail'):
            self.draw_mail()


def main():
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description="Take the pictures of the guide.")
    parser.add_argument('--url', required=True)
    parser.add_argument('--database', required=True)
    parser.add_argument('--mails', required=True, type=Path)
    parser.add_argument('--folder', required=True, type=Path)
    parser.add_argument('--only', nargs='*', default=[], metavar='NAME')
    options = parser.parse_args()
    Pictures(options.url, options.database, options.mails, options.folder,
             set(options.only)).play()


if __name__ == '__main__':
    main()
