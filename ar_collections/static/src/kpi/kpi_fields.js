import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What both widgets share: a figure opens the items it was computed from. */
class FigureField extends Component {
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    /** `kind`: another window of the same figure, such as the sales that DSO is compared with. */
    async openItems(code, kind = null) {
        const { resModel, resId } = this.props.record;
        const action = await this.orm.call(resModel, "action_view_figure", [[resId], code, kind]);
        this.action.doAction(action);
    }
}

/** One figure in a list: its formula and numbers on hover, its items on click. */
export class KpiField extends FigureField {
    static template = "ar_collections.KpiField";

    get figure() {
        return this.props.record.data.explanations?.[this.props.name];
    }

    get tooltip() {
        const { label, formula, numbers, text } = this.figure;
        return JSON.stringify({ label, formula, numbers, text });
    }

    onClick(ev) {
        ev.stopPropagation();
        this.openItems(this.props.name);
    }
}

/** The table of all figures of a month. */
export class KpiTableField extends FigureField {
    static template = "ar_collections.KpiTableField";

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    onClick(ev) {
        const row = ev.target.closest("[data-figure]");
        if (row) {
            ev.preventDefault();
            this.openItems(row.dataset.figure, ev.target.closest("[data-kind]")?.dataset.kind);
        }
    }
}

/** A month by its name: the day is always the last one. */
export class MonthField extends Component {
    static template = "ar_collections.MonthField";
    static props = { ...standardFieldProps };

    get text() {
        const date = this.props.record.data[this.props.name];
        return date ? date.toFormat("LLLL yyyy") : "";
    }
}

const fields = registry.category("fields");
fields.add("ar_kpi", {
    component: KpiField,
    supportedTypes: ["float", "monetary"],
    fieldDependencies: [{ name: "explanations", type: "json" }],
});
fields.add("ar_kpi_table", { component: KpiTableField, supportedTypes: ["html"] });
fields.add("ar_month", { component: MonthField, supportedTypes: ["date"] });
