import { registry } from "@web/core/registry";

// What a run would do → create the reminders → approve all of them.
registry.category("web_tour.tours").add("ar_preview_to_approved", {
    url: "/odoo/dunning-preview",
    steps: () => [
        {
            content: "The preview names the customer who would hear from us",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(Tour Buyer)",
        },
        {
            content: "and the one who is left out, with the reason",
            trigger: ".o_notebook_headers .nav-link[name=skips]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=skip_ids] .o_data_row:contains(Quiet Buyer)",
        },
        {
            content: "Create the reminders",
            trigger: ".o_statusbar_buttons button[name=action_create_reminders]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "The run opens; its reminder waits for approval",
            trigger: ".o_field_widget[name=reminder_ids] .o_data_row:contains(Tour Buyer)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_approve_all]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "Approved: it leaves as soon as its policy allows",
            trigger: ".o_field_widget[name=reminder_ids] .o_data_row .badge:contains(Approved)",
        },
    ],
});

// The same reminder later: sent, with the words as they left.
registry.category("web_tour.tours").add("ar_reminder_is_sent", {
    url: "/odoo/action-ar_collections.ar_reminder_action",
    steps: () => [
        {
            trigger: ".o_data_row:contains(Tour Buyer) .badge:contains(Sent)",
        },
        {
            trigger: ".o_data_row:contains(Tour Buyer) .o_data_cell[name=customer_id]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_arrow_button_current:contains(Sent)",
        },
        {
            content: "History cannot be edited: no channel to choose, no text to write",
            trigger: ".o_form_view .o_field_widget[name=channel].o_readonly_modifier",
        },
    ],
});
