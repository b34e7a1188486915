# The desk: what is agreed with a customer about open items. It tells dunning, credit and figures
# through their hooks; they never ask it.
from . import agreement, agreement_line
from . import promise, promise_line
from . import dispute_reason, dispute, dispute_line, dispute_step
from . import payment_plan, payment_plan_line, payment_plan_instalment
from . import payment_plan_state, payment_plan_follow, payment_plan_signing
from . import account_partial_reconcile, account_move, account_move_reversal
from . import credit_decision, dunning_engine, dunning_skip
from . import interaction, interaction_customer, interaction_undo
from . import collector_absence, collector_rule, collector_target, call_guide
from . import worklist, worklist_parts, worklist_screen, worklist_customer, worklist_outcome
from . import worklist_items
from . import worklist_dunning, worklist_settings, worklist_credit, worklist_script
from . import customer, figures, res_company, res_config_settings
from . import kpi_queries, kpi_figures
from . import reply, reply_incoming, reply_accept, reply_rooms, dunning_copies, thanks
from . import factoring_contract, factoring_assignment, factoring_entries, factoring_documents
from . import factoring_figures, factoring_statement
from . import factoring_reminder
from . import customer_plan, dunning_plan, plan_figures, plan_ageing, plan_settings
from . import portal_link, portal_hit, portal_act
from . import portal_act_kinds, portal_act_answer
from . import door, door_choice, customer_door, res_company_door, reminder_door, mail_mail_door
from . import door_dunning, payment_transaction_door
from . import door_credit
from . import proposed_entry, doubtful, doubtful_line, doubtful_tax
from . import door_disputes
from . import legal_case, legal_step, write_off, agency_payment, formal_notice
from . import case_file, case_file_documents, legal_story, margin
from . import agreement_loss
from . import legal_company, legal_customer, legal_figures, legal_ledger
from . import factoring_door
from . import worklist_waiting
from . import named_contact
from . import interaction_paid
from . import write_off_tax
from . import answer_mail
from . import payment_plan_answer, portal_act_plan
