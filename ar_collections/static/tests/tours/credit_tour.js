import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// The salesperson: what would happen, what happens, and the way out.
tours.add("ar_credit_quote_to_request", {
    steps: () => [
        {
            content: "The quotation says what confirming would do",
            trigger: "div[name=ar_credit_would_hold]:contains(would go on credit hold)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "Held, with its reasons; the quotation is as it was",
            trigger: "div[name=ar_credit_held]:contains(is exceeded by)",
        },
        {
            trigger: "div[name=ar_credit_held] button[name=action_ask_credit_limit]",
            run: "click",
        },
        {
            content: "The customer is known, the amount this order needs is proposed",
            trigger: ".o_field_widget[name=customer_id]:contains(Tour Buyer)",
        },
        {
            trigger: ".o_field_widget[name=reason] textarea",
            run: "edit They open a second workshop. && click body",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_submit]",
            run: "click",
        },
        {
            content: "The request waits for somebody else",
            trigger: ".o_arrow_button_current:contains(Submitted)",
        },
        {
            content: "A salesperson has nothing to approve with",
            trigger: ".o_form_view:not(:has(button[name=action_approve]))",
        },
    ],
});

// The credit manager grants the limit.
tours.add("ar_credit_approve", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Tour Buyer) .o_data_cell[name=customer_id]",
            run: "click",
        },
        {
            content: "The proposal shows its working",
            trigger: ".o_field_widget[name=proposal_note]:contains(Highest balance)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_approve]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Approved)",
        },
    ],
});

// The salesperson again: the order went on by itself.
tours.add("ar_credit_confirmed", {
    steps: () => [
        {
            trigger: ".o_arrow_button_current:contains(Sales Order)",
        },
        {
            trigger: ".o_form_view:not(:has(div[name=ar_credit_held]))",
        },
    ],
});

// The credit manager releases another order from the list of held orders.
tours.add("ar_credit_release", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Tour Buyer) button[name=action_release]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Payment announced for Friday && click body",
        },
        {
            trigger: ".modal-footer button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "Nothing waits any more",
            trigger: "body:not(:has(.modal)) .o_view_nocontent:contains(No order is held)",
        },
    ],
});

// The credit manager on the page of the customer: the exposure opens its documents.
tours.add("ar_credit_exposure", {
    steps: () => [
        {
            trigger: ".nav-link[name=credit]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=exposure_html] button[data-part=orders]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Tour Buyer)",
        },
    ],
});

// The history of the scores as a chart: a line through the days on which a score was stored.
tours.add("ar_credit_score_chart", {
    steps: () => [
        {
            trigger: ".nav-link[name=credit]",
            run: "click",
        },
        {
            trigger: ".tab-pane.active button[name=action_view_scores]",
            run: "click",
        },
        {
            content: "One line, with the points of the test",
            trigger: ".o_graph_view .o_graph_canvas_container canvas",
            run: ({ anchor }) => {
                const chart = window.Chart.getChart(anchor);
                const [line] = chart.data.datasets;
                const drawn = JSON.stringify([
                    chart.config.type,
                    chart.data.datasets.length,
                    Array.from(line.data),
                ]);
                if (drawn !== JSON.stringify(["line", 1, [80, 55.5, 20]])) {
                    throw new Error(`The chart shows ${drawn}`);
                }
            },
        },
        {
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(55.5)",
        },
    ],
});
