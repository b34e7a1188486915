import csv
import hashlib
import io
import zipfile

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfReader

from odoo.addons.ar_collections.models.desk.case_file import clean_name
from odoo.addons.ar_collections.tests.credit_common import BlockCommon


@tagged('post_install', '-at_install')
class TestDeliveryStop(BlockCommon):
    """OCA/stock-logistics-workflow#324: optional, and never for returns."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.ar_delivery_stop = True
        cls.things = cls.env['product.product'].create({
            'name': "Things", 'type': 'consu', 'list_price': 110, 'taxes_id': False})
        cls.rule('stop')
        cls.keeper = cls.user('stock.group_stock_user', 'keeper')

    def confirmed(self, quantity=2, partner=None):
        order = self.quote([(quantity, 100, False, self.things)], partner)
        self.assertEqual(order.state, 'sale')
        return order

    def stop(self):
        self.account_of().write({'credit_stop': True, 'credit_stop_reason': "Lawsuit"})

    def validate(self, pickings):
        """Validate as the warehouse does."""
        self.env.flush_all()
        pickings.move_ids.picked = True
        return self.rpc(pickings, 'button_validate', user=self.keeper)

    def test_a_delivery_is_stopped_in_words(self):
        order = self.confirmed()
        self.stop()
        with self.assertRaisesRegex(UserError, f"{order.name}: .*Lawsuit"):
            self.validate(order.picking_ids)
        self.assertNotEqual(order.picking_ids.state, 'done')

    def test_off_by_default(self):
        self.company.ar_delivery_stop = False
        order = self.confirmed()
        self.stop()
        self.validate(order.picking_ids)
        self.assertEqual(order.picking_ids.state, 'done')
        self.assertFalse(self.env['res.company'].create({'name': "New"}).ar_delivery_stop)

    def test_within_the_limit_it_leaves(self):
        """The order is in the exposure already: it is not counted twice."""
        order = self.confirmed(10)
        self.assertEqual(self.exposure(), 1000)
        self.validate(order.picking_ids)
        self.assertEqual(order.picking_ids.state, 'done')

    def test_a_limit_that_shrank_stops_it(self):
        order = self.confirmed(5)
        self.set_limit(400)
        with self.assertRaisesRegex(UserError, "exceeded"):
            self.validate(order.picking_ids)

    def test_a_release_lets_it_leave(self):
        order = self.confirmed()
        self.stop()
        self.env['ar.credit.answer'].with_user(self.boss).create({
            'mode': 'allow_growth', 'order_id': order.id, 'cap': 200, 'reason': "Paid tomorrow",
        }).action_confirm()
        self.validate(order.picking_ids)
        self.assertEqual(order.picking_ids.state, 'done')

    def test_returns_and_exchanges_are_never_stopped(self):
        order = self.confirmed()
        self.validate(order.picking_ids)
        self.stop()
        delivery = order.picking_ids
        wizard = Form(self.env['stock.return.picking'].with_context(
            active_id=delivery.id, active_ids=delivery.ids, active_model='stock.picking')).save()
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        self.validate(back)
        self.assertEqual(back.state, 'done')
        wizard = Form(self.env['stock.return.picking'].with_context(
            active_id=back.id, active_ids=back.ids, active_model='stock.picking')).save()
        wizard.product_return_moves.quantity = 1
        again = wizard._create_return()
        self.assertEqual((again.picking_type_code, again.return_id), ('outgoing', back))
        again.move_ids.write({'product_uom_qty': 2, 'quantity': 2})
        with self.assertRaisesRegex(UserError, "Lawsuit"):
            self.validate(again)
        again.move_ids.write({'product_uom_qty': 1, 'quantity': 1})
        self.validate(again)
        self.assertEqual(again.state, 'done', "what came back may leave again")

    def test_a_link_to_a_return_is_no_way_around(self):
        """Whoever works in the warehouse may write the link."""
        delivery = self.confirmed().picking_ids
        self.validate(delivery)
        wizard = Form(self.env['stock.return.picking'].with_context(
            active_id=delivery.id, active_ids=delivery.ids, active_model='stock.picking')).save()
        wizard.product_return_moves.quantity = 2
        back = wizard._create_return()
        self.validate(back)
        order = self.confirmed()
        self.stop()
        for link in (back, delivery, order.picking_ids):
            self.rpc(order.picking_ids, 'write', {'return_id': link.id}, user=self.keeper)
            with self.assertRaisesRegex(UserError, "Lawsuit"):
                self.validate(order.picking_ids)
        self.assertNotEqual(order.picking_ids.state, 'done')

    def test_the_diagnosis_counts_the_days_to_the_delivery_and_from_it(self):
        """Ordered on 1 May, delivered on the 11th and the 13th, one piece back on the 16th,
        invoiced on the 20th: 10 days and 7.
        """
        order = self.confirmed(2)
        order.date_order = '2026-05-01 10:00:00'
        first = order.picking_ids
        first.move_ids.quantity = 1
        first.move_ids.picked = True
        first._action_done()
        last = order.picking_ids - first
        self.validate(last)
        wizard = Form(self.env['stock.return.picking'].with_context(
            active_id=last.id, active_ids=last.ids, active_model='stock.picking')).save()
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        self.validate(back)
        self.assertEqual(back.sale_id, order)
        for picking, day in ((first, 11), (last, 13), (back, 16)):
            self.assertEqual(picking.state, 'done')
            picking.date_done = f'2026-05-{day} 10:00:00'
        invoice = order._create_invoices()
        invoice.invoice_date = '2026-05-20'
        invoice.action_post()
        self.env.flush_all()
        diagnosis = self.env['ar.diagnosis.wizard'].create({
            'company_id': self.company.id, 'date_from': '2026-01-01', 'date_to': '2026-06-01'})
        diagnosis.action_read()
        steps = {line.code: (line.count, line.days) for line in diagnosis.line_ids
                 if line.section == 'steps'}
        self.assertEqual(
            (steps['step_delivery'], steps['step_invoicing']), ((1, 10), (1, 7)))

    def test_receipts_and_internal_transfers_are_never_stopped(self):
        self.stop()
        warehouse = self.env['stock.warehouse'].search(
            [('company_id', '=', self.company.id)], limit=1)
        for kind in (warehouse.in_type_id, warehouse.int_type_id):
            picking = self.env['stock.picking'].create({
                'picking_type_id': kind.id, 'partner_id': self.buyer.id,
                'location_id': self.env.ref('stock.stock_location_suppliers').id
                if kind.code == 'incoming' else warehouse.lot_stock_id.id,
                'location_dest_id': warehouse.lot_stock_id.id,
                'move_ids': [Command.create({
                    'product_id': self.things.id, 'product_uom_qty': 1, 'quantity': 1,
                    'location_id': self.env.ref('stock.stock_location_suppliers').id
                    if kind.code == 'incoming' else warehouse.lot_stock_id.id,
                    'location_dest_id': warehouse.lot_stock_id.id})]})
            picking.action_confirm()
            self.validate(picking)
            self.assertEqual(picking.state, 'done', kind.code)

    def test_a_delivery_without_an_order_is_not_ours(self):
        self.stop()
        warehouse = self.env['stock.warehouse'].search(
            [('company_id', '=', self.company.id)], limit=1)
        picking = self.env['stock.picking'].create({
            'picking_type_id': warehouse.out_type_id.id, 'partner_id': self.buyer.id,
            'location_id': warehouse.lot_stock_id.id,
            'location_dest_id': self.env.ref('stock.stock_location_customers').id,
            'move_ids': [Command.create({
                'product_id': self.things.id, 'product_uom_qty': 1, 'quantity': 1,
                'location_id': warehouse.lot_stock_id.id,
                'location_dest_id': self.env.ref('stock.stock_location_customers').id})]})
        picking.action_confirm()
        self.validate(picking)
        self.assertEqual(picking.state, 'done')

    def test_the_delivery_slip_stands_in_the_case_file(self):
        """Sold, two of three delivered, invoiced, never paid: printed as in life."""
        order = self.confirmed(3)
        delivery = order.picking_ids
        delivery.picking_type_id.create_backorder = 'always'
        delivery.move_ids.quantity = 2
        self.validate(delivery)
        self.assertEqual(len(order.picking_ids - delivery), 1, "the third waits")
        bill = self.bill(order)
        signed = self.env['ir.attachment'].create({
            'name': "signed slip.txt", 'raw': b'Received, Jane Buyer',
            'res_model': 'stock.picking', 'res_id': delivery.id})
        case = self.env['ar.legal.case'].with_user(self.boss).create({
            'customer_id': self.account_of().id, 'line_ids': [
                Command.create({'move_line_id': item.id}) for item in self.items(bill)]})
        # Odoo's own papers have a header: a wkhtmltopdf without patched Qt warns that it has none.
        with self.allow_pdf_render(), mute_logger('odoo.addons.base.models.ir_actions_report'):
            case.with_context(force_report_rendering=True).action_case_file()
        file = self.env['ar.case.file'].search([('case_id', '=', case.id)])
        self.assertRecordValues(file, [{'state': 'done', 'error': False}])
        archive = zipfile.ZipFile(io.BytesIO(file.sudo().attachment_id.raw))
        files = {name.partition('/')[2]: archive.read(name) for name in archive.namelist()}
        slip = f"04-Deliveries/{clean_name(delivery.name)}.pdf"
        self.assertEqual(
            sorted(path for path in files if path.startswith('04-')),
            sorted([slip, "04-Deliveries/signed-slip.txt"]), "what waits is no proof")
        self.assertEqual(files["04-Deliveries/signed-slip.txt"], signed.raw)
        text = " ".join(" ".join(
            page.extract_text() for page in PdfReader(io.BytesIO(files[slip])).pages).split())
        for words in (delivery.name, order.name, "Things 3 Units 2 Units", "Buyer"):
            self.assertIn(words, text)
        index = list(csv.reader(
            io.StringIO(files['index.csv'].decode('utf-8-sig')), delimiter=';'))
        hashes = {row[0]: row[4] for row in index[1:]}
        self.assertEqual(hashes[slip], hashlib.sha256(files[slip]).hexdigest())
        self.assertIn(f"{hashes[slip]}  {slip}", files['SHA256SUMS'].decode().splitlines())
