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
            trigger: ".nav-link[name=movements]",
            run: "click",
        },
        {
            content: "A movement tells how it is computed",
            trigger: ".o_field_widget[name=opening] .o_ar_kpi:contains(700)",
            run: "hover",
        },
        {
            trigger: ".o_ar_kpi_tooltip:contains(Receivables at the end of the month before)",
        },
        {
            trigger: ".o_field_widget[name=not_due] .o_ar_kpi",
        },
        {
            trigger: ".nav-link[name=figures]",
            run: "click",
        },
        {
            content: "What the desk adds, without anything to measure yet",
            trigger: ".o_ar_kpi_table tr[data-figure=promise_kept_rate]:contains(Nothing to measure)",
        },
        {
            content: "All figures of the month in one table",
            trigger: ".o_ar_kpi_table tr[data-figure=dso]:contains(Receivables ÷ sales × days)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour Debtor)",
        },
        {
            trigger: ".breadcrumb-item:last, .o_back_button",
            run: "click",
        },
        {
            content: "What a rate is compared with",
            trigger: ".o_ar_kpi_table tr[data-figure=overdue_rate] a[data-kind=debits]",
            run: "click",
        },
        {
            trigger: ".o_last_breadcrumb_item:contains(without credits)",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour Debtor)",
        },
    ],
});
