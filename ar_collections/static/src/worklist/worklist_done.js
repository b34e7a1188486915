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
        customer_id: customer.id,
        label: getOutcome(form.code).label.toString(),
        contact: customer.contacts.find((contact) => contact.id === contactId)?.name || "",
        message: answer.message,
        note: form.note,
    };
}

/** What the last click wrote down, until the next one: add a note, or undo it. */
export class WorklistDone extends Component {
    static template = "ar_collections.WorklistDone";
    static props = { done: Object, onUndone: Function };

    setup() {
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.noteRef = useRef("note");
        this.state = useState({ note: this.props.done.note, isBusy: false, isSaved: false });
        this.saved = this.props.done.note;
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

    async undo() {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await this.orm.call("ar.interaction", "action_undo", [[this.props.done.id]]);
        } finally {
            this.state.isBusy = false;
        }
        this.notification.add(_t("Undone: %s", this.props.done.label), { type: "info" });
        await this.props.onUndone(this.props.done);
    }
}
