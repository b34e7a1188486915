"""What is printed and what is sent, drawn for the guide."""

import email
import email.policy
import html
import json
import re
import subprocess
import tempfile
from datetime import date, timedelta
from pathlib import Path

from browser import save_png
from PIL import Image

LANGUAGES = {'en': 'en_US', 'fr': 'fr_FR'}
# Whose reminder is shown in which language: customers hear in their own.
WAITING = {'en': "Northwind Interiors Ltd", 'fr': "Hôtel Bellevue"}
MAILS = {'en': "hudson", 'fr': "boulangerie"}


class Papers:
    """Draws PDFs and a caught e-mail; `Pictures` holds the users and the browser."""

    def papers(self):
        """First pages of what is printed: aged balance, diagnosis, statement, interest, notice."""
        manager = self.users['manager']
        # As the web client does: what a call writes in words is in the user's language.
        context = {'lang': LANGUAGES[self.language]}
        for name, action in (
                ('aged_paper', 'action_print'), ('aged_detail_paper', 'action_print_detailed')):
            if self.wanted(name):
                wizard = manager.call('ar.aged.options', 'create', [{}], context=context)
                self.draw_pdf(name, manager.call(
                    'ar.aged.options', action, wizard, context=context)['url'])
        if self.wanted('diagnosis_paper'):
            wizard = manager.call(
                'ar.diagnosis.wizard', 'action_open', context=context)['res_id']
            self.draw_pdf(
                'diagnosis_paper', f'/report/pdf/ar_collections.report_ar_diagnosis/{wizard}')
        customer = self.customer(WAITING[self.language])
        if self.wanted('statement_paper'):
            self.draw_pdf(
                'statement_paper', f'/report/pdf/ar_collections.report_ar_statement/{customer}')
        if self.wanted('movements_paper'):
            self.draw_pdf(
                'movements_paper', f'/report/pdf/ar_collections.report_ar_statement/{customer}',
                kind='movements', date_from=str(date.today() - timedelta(days=180)),
                date_to=str(date.today()))
        if self.wanted('interest_paper'):
            # A debtor whose law is confirmed, in the language of the guide.
            customer = self.customer("Transports Martin")
            self.speak_to(customer)
            claims = self.admin.search('ar.claim', [
                ('customer_id', '=', customer), ('state', '=', 'draft')])
            if not claims:
                manager.call('ar.customer', 'action_new_claim', [customer])
                claims = self.admin.search('ar.claim', [
                    ('customer_id', '=', customer), ('state', '=', 'draft')])
            self.draw_pdf(
                'interest_paper', f'/report/pdf/ar_collections.report_ar_claim/{claims[0]}')
        if self.wanted('bordereau_paper'):
            [row] = self.admin.call(
                'ar.factoring.assignment', 'read', [self.assignment], ['partner_id'])
            self.admin.call('res.partner', 'write', [row['partner_id'][0]],
                            {'lang': LANGUAGES[self.language]})
            report = 'ar_collections.report_ar_factoring_assignment'
            self.draw_pdf('bordereau_paper', f'/report/pdf/{report}/{self.assignment}')
        if self.wanted('notice_paper'):
            [case] = self.admin.call('ar.legal.case', 'read', [self.case], ['customer_id'])
            self.speak_to(case['customer_id'][0])
            self.draw_pdf('notice_paper', manager.call(
                'ar.legal.case', 'action_print_notice', [self.case])['url'])

    def draw_pdf(self, name, address, **options):
        """Draw the first page of a PDF."""
        answer = self.users['manager'].http.get(
            f'{self.url}{address}', timeout=120,
            params={'context': json.dumps({'lang': LANGUAGES[self.language]}), **options})
        answer.raise_for_status()
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, 'paper.pdf'), Path(folder, 'page')
            source.write_bytes(answer.content)
            subprocess.run(['pdftoppm', '-png', '-r', '90', '-f', '1', '-singlefile',
                            source, target], check=True)
            save_png(Image.open(target.with_suffix('.png')), self.path(name))
        print(f"{self.language} {name}", flush=True)

    def draw_mail(self):
        """Draw one caught message: its head, and its body as a mail program shows it."""
        for path in sorted(self.mails.glob('*.eml')):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if MAILS[self.language] in message['To']:
                break
        else:
            raise RuntimeError(f"no mail to {MAILS[self.language]}")
        head = '<br/>'.join(
            f'<b>{name}:</b> {html.escape(message[name] or "")}'
            for name in ('From', 'To', 'Subject'))
        body = message.get_body(('html',)).get_content()
        body = re.sub(r'<(/?)(html|body|head)\b[^>]*>', '', body)
        self.browser.resize(900, 800)
        self.browser.show(
            '<meta charset="utf-8"/><div style="font: 14px sans-serif; background: #eee;'
            f' padding: 12px 24px; line-height: 1.6">{head}</div>'
            f'<div style="padding: 16px 24px">{body}</div>')
        height = self.browser.evaluate('document.documentElement.scrollHeight')
        self.browser.resize(900, min(max(height, 400), 1100))
        self.browser.save(self.path('mail'))
        print(f"{self.language} mail", flush=True)
