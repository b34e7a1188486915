import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The table of the exposure: each part opens the documents behind it. */
export class ExposureField extends Component {
    static template = "ar_collections.ExposureField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    async onClick(ev) {
        const part = ev.target.closest("[data-part]");
        if (!part) {
            return;
        }
        ev.preventDefault();
        const { resModel, resId } = this.props.record;
        const action = await this.orm.call(resModel, "action_view_exposure_part", [
            [resId],
            part.dataset.part,
        ]);
        this.action.doAction(action);
    }
}

registry.category("fields").add("ar_exposure", {
    component: ExposureField,
    supportedTypes: ["html"],
});
