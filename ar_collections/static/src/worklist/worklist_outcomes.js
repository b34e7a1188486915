import { _t } from "@web/core/l10n/translation";

/**
 * What may come of a contact: one letter, one button. `fields` are asked for in the form; without
 * any, one click does it. `kind` is how it usually is learnt, when no number was clicked.
 */
export const OUTCOMES = [
    { code: "no_answer", key: "n", icon: "fa-phone", fields: [], label: _t("No answer") },
    { code: "call_back", key: "c", icon: "fa-calendar", fields: ["date"], label: _t("Call back on…") },
    { code: "promise", key: "p", icon: "fa-handshake-o", fields: ["date", "amount", "items"], label: _t("Promise") },
    { code: "paid", key: "y", icon: "fa-check", fields: [], label: _t("Paid already") },
    { code: "dispute", key: "d", icon: "fa-comments-o", fields: ["reason", "amount", "items"], label: _t("Dispute") },
    { code: "spoken", key: "s", icon: "fa-commenting-o", fields: [], label: _t("Nothing agreed") },
    { code: "wrong_contact", key: "w", icon: "fa-user-times", fields: [], label: _t("Wrong contact") },
    { code: "wrong_address", key: "a", icon: "fa-map-marker", kind: "letter", fields: [], label: _t("Wrong address") },
    { code: "escalate", key: "e", icon: "fa-level-up", fields: [], label: _t("Escalate") },
];

export function getOutcome(code) {
    return OUTCOMES.find((outcome) => outcome.code === code);
}

export function asks(code, field) {
    return getOutcome(code).fields.includes(field);
}
