import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { getDone, WorklistDone } from "./worklist_done";
import { isForList, isHeld, isTyping } from "./worklist_keys";
import { OUTCOMES, asks, getOutcome } from "./worklist_outcomes";

const PAGE = 40;
const NO_FILTER = { scope: "", triage: "", search: "" };

/** The collector's day: whom to contact now, why, what to say, and what came of it. */
export class Worklist extends Component {
    static template = "ar_collections.Worklist";
    static components = { Layout, WorklistDone };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.display = { controlPanel: {} };
        this.keepList = new KeepLast();
        this.keepCustomer = new KeepLast();
        this.rootRef = useRef("root");
        this.state = useState({
            status: "loading", // loading, ready or error
            data: null,
            error: "",
            filters: { ...NO_FILTER, ...this.props.state?.filters },
            limit: this.props.state?.limit || PAGE,
            selected: this.props.state?.selected || null,
            customer: null,
            loadingCustomer: false,
            isOpen: Boolean(this.props.state?.isOpen), // a phone shows the list or the customer
            form: null,
            done: null, // what the last click wrote down, as long as it can be undone
            reached: null, // whom the next outcome is about
            items: {},
            busy: false,
            help: false,
            why: this.props.state?.why ?? true,
        });
        useSetupAction({
            rootRef: this.rootRef,
            getLocalState: () => ({
                filters: { ...this.state.filters },
                limit: this.state.limit,
                selected: this.state.selected,
                isOpen: this.state.isOpen,
                why: this.state.why,
            }),
        });
        this.onKeydown = this.onKeydown.bind(this);
        onMounted(() => {
            document.addEventListener("keydown", this.onKeydown);
            this.load();
        });
        onWillUnmount(() => document.removeEventListener("keydown", this.onKeydown));
    }

    // === LOADING === //

    /** Read the list; the customer that was open stays open while it is on the list. */
    async load() {
        this.state.status = "loading";
        try {
            const data = await this.keepList.add(
                this.orm.silent.call("ar.worklist", "load_worklist", [
                    { ...this.state.filters, limit: this.state.limit },
                ])
            );
            this.state.data = data;
            this.state.filters.scope = data.scope;
            this.state.status = "ready";
        } catch (error) {
            this.state.error = error.data?.message || error.message || "";
            this.state.status = "error";
            return;
        }
        const known = this.state.data.rows.find((row) => row.id === this.state.selected);
        await this.openRow(known || this.state.data.rows[0], { keep: true });
    }

    async openRow(row, { keep = false } = {}) {
        this.state.form = null;
        this.state.selected = row ? row.id : null;
        if (!keep) {
            this.state.isOpen = Boolean(row);
        }
        if (!row) {
            this.state.customer = null;
            this.state.isOpen = false;
            return;
        }
        this.state.loadingCustomer = true;
        try {
            this.state.customer = await this.keepCustomer.add(
                this.orm.silent.call("ar.worklist", "load_customer", [row.id])
            );
            this.state.items = Object.fromEntries(
                this.state.customer.defaults.item_ids.map((id) => [id, true])
            );
            if (this.state.reached?.customer_id !== row.id) {
                this.reach(this.state.customer.contacts[0]);
            }
        } finally {
            this.state.loadingCustomer = false;
        }
    }

    setFilter(name, value) {
        this.state.filters[name] = value;
        this.state.limit = PAGE;
        this.state.selected = null;
        return this.load();
    }

    showMore() {
        this.state.limit += PAGE;
        return this.load();
    }

    get rowIndex() {
        return this.state.data.rows.findIndex((row) => row.id === this.state.selected);
    }

    async move(step) {
        const row = this.state.data.rows[this.rowIndex + step];
        if (row) {
            await this.openRow(row, { keep: true });
            this.rootRef.el
                ?.querySelector(`[data-row="${row.id}"]`)
                ?.focus({ preventScroll: false });
        }
    }

    // === OUTCOMES === //

    get outcomes() {
        return OUTCOMES;
    }

    get currentOutcome() {
        return getOutcome(this.state.form.code);
    }

    asks(field) {
        return asks(this.state.form.code, field);
    }

    outcomeLabel(outcome) {
        return outcome.label.toString();
    }

    /** One click does it, or opens the few fields that it needs. */
    choose(code) {
        const { customer, reached, selected, loadingCustomer, busy } = this.state;
        // Never about the customer before, while the next one is still on its way.
        if (!customer?.can_write || busy || loadingCustomer || customer.id !== selected) {
            return;
        }
        const outcome = getOutcome(code);
        const form = {
            code,
            kind: reached.kind || outcome.kind || "call",
            contact_id: reached.contact_id,
            phone: reached.phone,
            date: customer.defaults[code] || "",
            amount: "",
            reason_id: customer.reasons[0]?.id || false,
            note: "",
        };
        if (!outcome.fields.length) {
            return this.send(form);
        }
        this.state.form = form;
        // The first field of the form, once it is drawn.
        setTimeout(() => this.rootRef.el?.querySelector(".o_ar_outcome_form [autofocus]")?.focus());
    }

    /** Whom the outcome is about; a number or an address that was clicked says by which way. */
    reach(contact, { phone = "", kind = "" } = {}) {
        const customer_id = this.state.customer.id;
        this.state.reached = { customer_id, contact_id: contact?.id || false, phone, kind };
    }

    get chosenItems() {
        return this.state.customer.items.filter((item) => this.state.items[item.id]);
    }

    get chosenCurrency() {
        return this.chosenItems[0]?.currency_id || this.state.customer.currency_id;
    }

    get chosenTotal() {
        return this.chosenItems.reduce((sum, item) => sum + item.claim, 0);
    }

    get hasMixedCurrencies() {
        return new Set(this.chosenItems.map((item) => item.currency_id)).size > 1;
    }

    async send(form = this.state.form) {
        if (this.state.busy) {
            return;
        }
        const { customer } = this.state;
        this.state.busy = true;
        try {
            const answer = await this.orm.call("ar.worklist", "log_outcome", [
                customer.id,
                form.code,
                customer.token,
                {
                    kind: form.kind,
                    contact_id: Number(form.contact_id) || false,
                    phone: form.phone,
                    note: form.note,
                    date: form.date || false,
                    amount: Number(form.amount) || 0,
                    reason_id: Number(form.reason_id) || 0,
                    item_ids: this.chosenItems.map((item) => item.id),
                },
            ]);
            this.tell(answer, form);
            this.state.form = null;
            this.state.reached = null;
            await this.next();
        } finally {
            this.state.busy = false;
        }
    }

    /** What was written down: a bar to undo it or to add a note, else a word in passing. */
    tell(answer, form) {
        this.state.done = answer.can_undo ? getDone(answer, form, this.state.customer) : null;
        if (!this.state.done) {
            this.notification.add(answer.message, { type: "success" });
        }
    }

    /** Back to the customer whose outcome was undone. */
    async onUndone(done) {
        if (this.state.done?.id === done.id) {
            this.state.done = null;
        }
        this.state.reached = null;
        this.state.selected = done.customer_id;
        await this.load();
        this.rootRef.el?.querySelector(".o_ar_row_selected")?.focus();
    }

    /** Off the list, and on to the next one. */
    async next() {
        const rows = this.state.data.rows;
        const following = rows[this.rowIndex + 1] || rows[this.rowIndex - 1];
        this.state.selected = following ? following.id : null;
        await this.load();
        this.rootRef.el?.querySelector(".o_ar_row_selected")?.focus();
    }

    // === KEYS === //

    onKeydown(ev) {
        if (!this.rootRef.el || !isForList(ev)) {
            return;
        }
        if (ev.key === "Escape") {
            this.state.form = null;
            this.state.help = false;
            if (isTyping(ev)) {
                ev.target.blur();
            }
            return;
        }
        if (isTyping(ev) || this.state.status !== "ready") {
            return;
        }
        const action = this.keys[ev.key];
        if (action && !isHeld(ev)) {
            ev.preventDefault();
            action();
        }
    }

    get keys() {
        const keys = {
            j: () => this.move(1),
            ArrowDown: () => this.move(1),
            k: () => this.move(-1),
            ArrowUp: () => this.move(-1),
            "/": () => this.rootRef.el.querySelector(".o_ar_search").focus(),
            "?": () => (this.state.help = !this.state.help),
            o: () => this.openCustomer(),
            r: () => this.load(),
        };
        for (const outcome of OUTCOMES) {
            keys[outcome.key] = () => this.choose(outcome.code);
        }
        const contacts = this.state.customer?.contacts || [];
        contacts.forEach((contact, index) => {
            keys[index + 1] = () => this.reach(contact);
        });
        return keys;
    }

    // === CLICKS === //

    openCustomer() {
        if (this.state.customer) {
            this.openRecord("ar.customer", this.state.customer.id);
        }
    }

    openRecord(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    /** The records that a line of the sum counts. */
    openPart(line) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: this.state.customer.name,
            res_model: line.model,
            domain: line.domain,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            context: { create: false },
        });
    }

    openHistory() {
        return this.action.doAction("ar_collections.ar_interaction_action", {
            additionalContext: { search_default_customer_id: this.state.customer.id },
        });
    }

    openList() {
        const mine = this.state.filters.scope === "mine" ? { search_default_mine: 1 } : {};
        const triage = this.state.filters.triage;
        return this.action.doAction("ar_collections.ar_worklist_action_list", {
            additionalContext: { ...mine, ...(triage ? { [`search_default_${triage}`]: 1 } : {}) },
        });
    }

    // === WORDS === //

    money(amount, currencyId) {
        return formatCurrency(amount, currencyId);
    }

    points(value) {
        return formatFloat(value || 0, { digits: [16, 1] });
    }

    days(value) {
        return _t("%s days", value || 0);
    }

    percent(value) {
        return formatFloat(value, { digits: [16, 0] });
    }

    targetText(row) {
        const show = (value) =>
            row.currency_id
                ? formatCurrency(value, row.currency_id, { digits: [16, 0] })
                : formatFloat(value, { digits: [16, 0] });
        return _t("%(value)s of %(target)s", { value: show(row.value), target: show(row.target) });
    }

    /** What stands below the name: age, level, last contact, whose customer it is. */
    rowNote(row) {
        return [
            row.amount && this.days(row.days),
            row.level,
            row.last_outcome,
            row.is_substituted && row.responsible,
        ]
            .filter(Boolean)
            .join(" · ");
    }

    rowLabel(row) {
        return [row.name, this.money(row.amount, row.currency_id), this.days(row.days)].join(", ");
    }

    telephone(number) {
        return "tel:" + number.replace(/[^+\d]/g, "");
    }
}

registry.category("actions").add("ar_collections.worklist", Worklist);
