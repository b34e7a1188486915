"""What comes from outside, drawn for the guide: the customer's pages, and an answer by e-mail."""

from datetime import date, timedelta
from email.message import EmailMessage

from draw_papers import LANGUAGES, MAILS, WAITING

ANSWERS = {
    'en': ("Re: your reminder", """Hello,

Thank you for your reminder. We will pay the invoices next Friday.

Kind regards"""),
    'fr': ("Re : votre relance", """Bonjour,

Merci de votre relance. Nous paierons les factures vendredi prochain.

Cordialement"""),
}


class Door:
    """Draws what customers see and say; `Pictures` holds the users and the browser."""

    def speak_to(self, customer):
        """Let a customer be addressed in the language of the guide."""
        [row] = self.admin.call('ar.customer', 'read', [customer], ['partner_id'])
        self.admin.call('res.partner', 'write', [row['partner_id'][0]],
                        {'lang': LANGUAGES[self.language]})

    def make_link(self, customer):
        """Return the address of a new link to a customer's pages."""
        manager = self.users['manager']
        dialog = manager.call('ar.portal.link.new', 'create', [{'customer_id': customer}])
        made = manager.call('ar.portal.link.new', 'action_make', dialog)
        return made['context']['default_url']

    def visit(self, address, selector, height=1200):
        """Open a page as a visitor without an account."""
        self.browser.call('Network.clearBrowserCookies')
        self.browser.resize(1100, height)
        self.browser.open(address, selector)

    def keep(self, name):
        """Save the page under a name."""
        self.browser.save(self.path(name))
        print(f"{self.language} {name}", flush=True)

    def door(self):
        """What a customer sees who opens its link, without an account."""
        if not any(map(self.wanted, (
                'door', 'door_movements', 'door_dispute', 'door_promise', 'door_instalments'))):
            return
        address = self.make_link(self.customer(WAITING[self.language]))
        self.visit(address, 'form')
        if self.wanted('door'):
            self.keep('door')
        if self.wanted('door_movements'):
            first = (date.today() - timedelta(days=120)).isoformat()
            self.browser.open(
                f'{address}?show=movements&date_from={first}&date_to={date.today()}',
                '.o_ar_movements')
            self.keep('door_movements')
            self.browser.open(address, 'form')
        for kind in ('dispute', 'promise', 'instalments'):
            if self.wanted(f'door_{kind}'):
                self.browser.open(address, 'form')
                self.browser.click('form input[type=checkbox]')
                self.browser.click(f'button[formaction$="/{kind}"]')
                self.keep(f'door_{kind}')

    def signing(self):
        """The page where a customer signs a plan, once somebody else has approved it."""
        if not any(map(self.wanted, ('plan_sign', 'plan_refuse'))):
            return
        [plan] = self.admin.call(
            'ar.payment.plan', 'read', [self.plan], ['state', 'customer_id', 'recipient_id'])
        if plan['state'] == 'to_approve':
            self.admin.call('ar.payment.plan', 'action_approve', [self.plan])
        customer = plan['customer_id'][0]
        self.speak_to(customer)
        self.admin.call('res.partner', 'write', [plan['recipient_id'][0]],
                        {'lang': LANGUAGES[self.language]})
        self.visit(f'{self.make_link(customer)}/plan/{self.plan}', '#ar_payment_plan', height=960)
        if self.wanted('plan_sign'):
            self.keep('plan_sign')
        if self.wanted('plan_refuse'):
            self.browser.click('.o_ar_plan_refuse')
            self.browser.scroll_to('#ar_plan_refuse')
            self.keep('plan_refuse')

    def answers(self):
        """A customer answers a reminder by e-mail: what was read in it, and what is proposed."""
        if not self.wanted('reply'):
            return
        reminder = self.admin.call('ar.reminder', 'search_read', [
            ('recipient_id.email', 'ilike', MAILS[self.language]), ('state', '=', 'sent'),
            ('message_id', '!=', False),
        ], ['message_id', 'recipient_id'], limit=1)[0]
        [message] = self.admin.call(
            'mail.message', 'read', [reminder['message_id'][0]], ['message_id', 'email_from'])
        [writer] = self.admin.call(
            'res.partner', 'read', [reminder['recipient_id'][0]], ['email_formatted', 'name'])
        answer = EmailMessage()
        answer['Subject'], text = ANSWERS[self.language]
        answer['From'], answer['To'] = writer['email_formatted'], message['email_from']
        answer['Message-Id'] = f'<answer-{self.language}@customer.example.com>'
        answer['In-Reply-To'] = answer['References'] = message['message_id']
        answer.set_content(f'{text}\n{writer["name"]}\n')
        self.admin.call('mail.thread', 'message_process', '', answer.as_string())
        reply = self.admin.search('ar.reply', [('reminder_id', '=', reminder['id'])], limit=1)[0]
        self.take('reply', f'replies/{reply}', '.o_form_view .o_form_sheet', login='collector')
