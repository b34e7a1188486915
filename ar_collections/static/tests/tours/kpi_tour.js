import { registry } from "@web/core/registry";

// A figure tells its formula and numbers, and opens its items.
registry.category("web_tour.tours").add("ar_key_figures", {
    steps: () => [
        {
            content: "Nothing is stored yet: the empty page says what to do",
            trigger: ".o_view_nocontent:contains(No key figures yet)",
        },
        {
            trigger: "button[name=action_read_again]",
            run: "click",
        },
        {
            content: "The running month, by its name",
            trigger: ".o_data_row td[name=overdue] .o_ar_kpi:contains(700)",
            run: "hover",
        },
        {
            content: "Formula and numbers on hover",
            trigger: ".o_ar_kpi_tooltip:contains(Open items after their due date):contains(not due)",
        },
        {
            trigger: ".o_data_row:first td[name=overdue] .o_ar_kpi",
            run: "click",
        },
        {
            content: "Its items",
            trigger: ".o_breadcrumb:contains(Overdue on), .o_last_breadcrumb_item:contains(Overdue on)",
        },
        {
            trigger: ".o_data_row:contains(Tour Debtor)",
        },
        {
            trigger: ".breadcrumb-item:contains(Key figures), .o_back_button",
            run: "click",
        },
        {
            trigger: ".o_data_row:first td[name=name]",
            run: "click",
        },
        {
            content: "All figures of the month in one table",
            trigger: ".o_ar_kpi_table tr[data-figure=dso]:contains(Receivables ÷ sales × days)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour Debtor)",
        },
    ],
});
