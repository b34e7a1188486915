import { registry } from "@web/core/registry";

// The first page of a fresh server waits for its assets.
const timeout = 30000;

// From the balance of a customer to its items, to the document; then the same on another day.
registry.category("web_tour.tours").add("ar_aged_balance", {
    steps: () => [
        {
            content: "One line per customer",
            trigger: ".o_group_header:contains(Aged Debtor):contains(700.00)",
            timeout,
            run: "click",
        },
        {
            content: "Unfolded: its items",
            trigger: ".o_data_row:contains(30):contains(450.00)",
        },
        {
            trigger: ".o_data_row:contains(250.00) td[name=document]",
            run: "click",
        },
        {
            content: "The document behind the item",
            trigger: ".o_form_view .o_form_sheet:contains(Aged Debtor):contains(250.00)",
        },
        {
            trigger: ".breadcrumb-item:contains(Aged balance), .o_back_button",
            run: "click",
        },
        {
            content: "Another day",
            trigger: "button[name=action_choose]",
            run: "click",
        },
        {
            trigger: ".modal div[name=date] input, .modal div[name=date] button",
        },
        {
            trigger: ".modal button[name=action_show]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_group_header:contains(Aged Debtor):contains(700.00)",
        },
        {
            content: "On paper: too long to wait for, in this test",
            trigger: "button[name=action_choose]",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_print_detailed]",
            run: "click",
        },
        {
            content: "It is under way, and can be stopped",
            trigger: "body:not(:has(.modal)) .o_form_view button[name=action_stop]",
            run: "click",
        },
        {
            trigger: ".alert-warning:contains(Stopped)",
        },
        {
            trigger: ".o_form_view button[name=action_resume]",
            run: "click",
        },
        {
            trigger: "button[name=action_stop]",
        },
    ],
});
