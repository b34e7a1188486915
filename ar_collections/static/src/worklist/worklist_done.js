import { Component, useExternalListener, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { isForList, isTyping } from "./worklist_keys";
import { getOutcome } from "./worklist_outcomes";

/** What the bar says of an answer of `log_outcome`. */
export function getDone(answer, form, customer) {
    const contactId = Number(form.contact_id);
    return {
        id: answer.interaction_id,
        code: form.code,
        customer_id: customer.id,
        label: getOutcome(form.code).label.toString(),
        contact: customer.contacts.find((contact) => contact.id === contactId)?.name || "",
        message: answer.message,
        note: form.note,
        // Of "paid already": until which day we wait, and whether there is somebody to ask.
        date: answer.next_date,
        today: customer.defaults.today,
        canAskProof: answer.can_ask_proof,
    };
}

/** What the last click wrote down, until the next one: complete it, or undo it. */
export class WorklistDone extends Component {
    static template = "ar_collections.WorklistDone";
    static props = { done: Object, onUndone: Function };

    setup() {
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.noteRef = useRef("note");
        const { note, date, message, canAskProof } = this.props.done;
        this.state = useState({
            note,
            date,
            message,
            canAskProof,
            canUndo: true,
            isBusy: false,
            isSaved: false,
        });
        this.saved = note;
        this.savedDate = date;
        useExternalListener(document, "keydown", this.onKeydown);
    }

    onKeydown(ev) {
        if (!isForList(ev) || isTyping(ev) || ev.repeat) {
            return;
        }
        if (ev.key === "u") {
            ev.preventDefault();
            this.undo();
        } else if (ev.key === "t") {
            ev.preventDefault();
            this.noteRef.el.focus();
        } else if (ev.key === "m") {
            ev.preventDefault();
            this.askProof();
        }
    }

    onNoteKeydown(ev) {
        if (ev.key === "Enter") {
            ev.target.blur();
        } else if (ev.key === "Escape") {
            this.state.note = this.saved;
            ev.target.value = this.saved;
        }
    }

    async save() {
        const note = this.state.note.trim();
        if (note === this.saved) {
            return;
        }
        this.state.isSaved = false;
        await this.orm.write("ar.interaction", [this.props.done.id], { note });
        this.saved = note;
        this.state.isSaved = true;
    }

    /** Another day to wait for the money. While it is typed in, it passes through days gone by. */
    async saveDate() {
        const { date } = this.state;
        if (!date || date < this.props.done.today || date === this.savedDate) {
            return;
        }
        const before = this.savedDate;
        this.savedDate = date;
        try {
            this.state.message = (await this.call("set_day", [date])).message;
        } catch (error) {
            this.savedDate = this.state.date = before;
            throw error;
        }
    }

    /** A mail that has left cannot be taken back: no undo after it. */
    async askProof() {
        if (!this.state.canAskProof || this.state.isBusy) {
            return;
        }
        await this.call("action_ask_proof");
        this.state.canAskProof = this.state.canUndo = false;
        this.notification.add(_t("The proof of payment was asked for by e-mail."), {
            type: "success",
        });
    }

    async call(method, values = []) {
        this.state.isBusy = true;
        try {
            return await this.orm.call("ar.interaction", method, [
                [this.props.done.id],
                ...values,
            ]);
        } finally {
            this.state.isBusy = false;
        }
    }

    async undo() {
        if (!this.state.canUndo || this.state.isBusy) {
            return;
        }
        await this.call("action_undo");
        this.notification.add(_t("Undone: %s", this.props.done.label), { type: "info" });
        await this.props.onUndone(this.props.done);
    }
}
