-- A copy of production stays silent: no run at night, nothing sent, nothing waiting to leave.
UPDATE res_company SET ar_dunning_active = FALSE, ar_bodacc_active = FALSE,
       ar_register_active = FALSE;
UPDATE ir_cron SET active = FALSE
 WHERE id IN (SELECT res_id FROM ir_model_data
               WHERE module = 'ar_collections' AND model = 'ir.cron'
                 AND name IN ('ir_cron_ar_dunning_run', 'ir_cron_ar_reminder_send',
                              'ir_cron_ar_credit_watch', 'ir_cron_ar_credit_release',
                              'ir_cron_ar_statement_send', 'ir_cron_ar_report_schedule'));
UPDATE mail_mail SET state = 'cancel'
 WHERE state = 'outgoing'
   AND id IN (SELECT mail_id FROM ar_reminder WHERE mail_id IS NOT NULL);
UPDATE ar_reminder_line SET state = 'cancelled' WHERE state IN ('approved', 'queued', 'sending');
UPDATE ar_reminder SET state = 'cancelled', reason = 'Neutralized copy'
 WHERE state IN ('approved', 'queued', 'sending');
UPDATE mail_mail SET state = 'cancel'
 WHERE state = 'outgoing'
   AND id IN (SELECT mail_id FROM ar_statement_sending WHERE mail_id IS NOT NULL);
UPDATE ar_statement_sending SET state = 'cancelled', reason = 'Neutralized copy'
 WHERE state IN ('waiting', 'queued', 'sending');
UPDATE mail_mail SET state = 'cancel'
 WHERE state = 'outgoing'
   AND id IN (SELECT mail_id FROM ar_report_sending WHERE mail_id IS NOT NULL);
UPDATE mail_mail SET state = 'cancel'
 WHERE state = 'outgoing'
   AND id IN (SELECT mail_id FROM ar_thanks WHERE mail_id IS NOT NULL);
UPDATE ar_thanks SET state = 'cancelled', reason = 'Neutralized copy'
 WHERE state IN ('queued', 'sending');
UPDATE res_company SET ar_thanks = FALSE;
UPDATE mail_mail SET state = 'cancel'
 WHERE state = 'outgoing'
   AND id IN (SELECT mail_id FROM ar_answer WHERE mail_id IS NOT NULL);
UPDATE ar_answer SET state = 'cancelled', reason = 'Neutralized copy'
 WHERE state IN ('queued', 'sending');
UPDATE ar_report_sending SET state = 'cancelled', reason = 'Neutralized copy'
 WHERE state IN ('waiting', 'queued', 'sending');
-- No insurer and no provider is asked by a copy: credentials gone, test, off.
DELETE FROM ar_provider_secret;
UPDATE ar_provider SET is_on = FALSE, environment = 'test', callback_digest = NULL;
UPDATE ar_cover_request SET state = 'cancelled', problem = 'Neutralized copy'
 WHERE state IN ('queued', 'sending', 'unknown') OR (state = 'open' AND by_hand IS NOT TRUE);
UPDATE ar_portal_link SET revoked_at = now() AT TIME ZONE 'UTC' WHERE revoked_at IS NULL;
