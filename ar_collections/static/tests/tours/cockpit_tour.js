import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// The first page of a fresh server waits for its assets.
const timeout = 30000;

const BACK_TO_COCKPIT = [
    {
        content: "Back by the breadcrumb",
        trigger: ".o_control_panel .breadcrumb-item a:contains(Cockpit), .o_control_panel .o_back_button",
        run: "click",
    },
    { trigger: ".o_ar_cockpit_ready .o_ar_tiles" },
];

/** A click somewhere on the drawing, where a person would click on a bar. */
function clickCanvas(share) {
    return ({ anchor }) => {
        const box = anchor.getBoundingClientRect();
        const place = {
            bubbles: true,
            clientX: box.left + box.width * share,
            clientY: box.top + box.height / 2,
        };
        for (const type of ["mousemove", "click"]) {
            anchor.dispatchEvent(new MouseEvent(type, place));
        }
    };
}

// The credit manager in the morning: figures, then what stands behind them.
tours.add("ar_cockpit", {
    steps: () => [
        {
            content: "Overdue is what the ledger says: 1,000 + 600, not the 300 that are not due",
            trigger: ".o_ar_tile[data-tile=overdue][data-value='1600']:contains(1,600)",
            timeout,
        },
        { trigger: ".o_ar_tile[data-tile=exposure][data-value='1900']" },
        { trigger: ".o_ar_tile[data-tile=dso]:contains(days)" },
        { trigger: "[data-card=aged] canvas", run: "canvasNotEmpty" },
        { trigger: "[data-card=dso] canvas", run: "canvasNotEmpty" },
        { trigger: "[data-card=forecast] canvas", run: "canvasNotEmpty" },
        { trigger: "[data-bucket=total][data-value='1900']" },
        {
            content: "The tile opens its items, with the same total",
            trigger: ".o_ar_tile[data-tile=overdue]",
            run: "click",
        },
        { trigger: ".o_list_view .o_group_header:contains(Tour Buyer)" },
        { trigger: ".o_list_view tfoot:contains(1,600.00)" },
        ...BACK_TO_COCKPIT,
        {
            content: "A bar opens its bucket",
            trigger: "[data-card=aged] canvas",
            run: clickCanvas(0.08 + 0.92 * 0.25),
        },
        { trigger: ".o_list_view tfoot:contains(1,000.00)" },
        ...BACK_TO_COCKPIT,
        {
            content: "A line of the to-do list opens its records",
            trigger: "[data-card=actions] [data-action=never]",
            run: "click",
        },
        { trigger: ".o_list_view .o_data_row:contains(Second Buyer)" },
        ...BACK_TO_COCKPIT,
        {
            content: "A chart can be read as a table",
            trigger: "button[data-table=forecast]",
            run: "click",
        },
        { trigger: "[data-card=forecast] tbody tr:nth-child(13)" },
        {
            trigger: "button[data-table=dso]",
            run: "click",
        },
        {
            content: "A month opens the items that were open at its end",
            trigger: "[data-card=dso] tbody tr:last-child button[data-month]",
            run: "click",
        },
        { trigger: ".o_list_view tfoot:contains(1,900.00)" },
        ...BACK_TO_COCKPIT,
        {
            content: "Largest debtors open the customer",
            trigger: "[data-card=debtors] button[data-debtor]:contains(Tour Buyer)",
            run: "click",
        },
        { trigger: ".o_form_view .o_field_widget[name=partner_id]:contains(Tour Buyer)" },
    ],
});

// One collector's part of it, and back to everybody.
tours.add("ar_cockpit_filter", {
    steps: () => [
        { trigger: ".o_ar_tile[data-tile=overdue][data-value='1600']", timeout },
        {
            trigger: "select[name=collector]",
            run: "selectByLabel Tour Collector",
        },
        { trigger: ".o_ar_tile[data-tile=overdue][data-value='1000']" },
        {
            content: "What opens is filtered too",
            trigger: ".o_ar_tile[data-tile=overdue]",
            run: "click",
        },
        { trigger: ".o_list_view tfoot:contains(1,000.00)" },
        { trigger: ".o_list_view:not(:has(.o_group_header:contains(Second Buyer)))" },
        ...BACK_TO_COCKPIT,
        {
            content: "The filter is still there",
            trigger: ".o_ar_tile[data-tile=overdue][data-value='1000']",
        },
        {
            trigger: "select[name=months]",
            run: "select 6",
        },
        {
            trigger: "button[data-table=dso]",
            run: "click",
        },
        { trigger: "[data-card=dso] tbody:not(:has(tr:nth-child(7))) tr:nth-child(6)" },
        {
            trigger: "button:contains(Remove the filters)",
            run: "click",
        },
        { trigger: ".o_ar_tile[data-tile=overdue][data-value='1600']" },
    ],
});

// From the aged bars to the items of one customer, to the invoice.
tours.add("ar_cockpit_drill_down", {
    steps: () => [
        {
            content: "The bucket of those 45 days late",
            trigger: ".o_ar_row[data-bucket]:contains(31):contains(600.00)",
            timeout,
            run: "click",
        },
        {
            trigger: ".o_list_view .o_group_header:contains(Second Buyer)",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(600.00) .o_data_cell[name=document]",
            run: "click",
        },
        {
            content: "The document itself",
            trigger: ".o_form_view .o_field_widget[name=amount_total]:contains(600.00), .o_form_view .o_field_widget[name=tax_totals]:contains(600.00)",
        },
    ],
});

// A phone: everything is there, nothing is wider than the screen.
tours.add("ar_cockpit_phone", {
    steps: () => [
        { trigger: ".o_ar_tile[data-tile=overdue][data-value='1600']", timeout },
        { trigger: "[data-card=aged] canvas", run: "canvasNotEmpty" },
        {
            trigger: ".o_ar_cockpit",
            run({ anchor }) {
                const page = anchor.querySelector(".o_content");
                if (page.scrollWidth > page.clientWidth) {
                    throw new Error(`${page.scrollWidth} pixels on ${page.clientWidth}`);
                }
                const tiles = [...anchor.querySelectorAll(".o_ar_tile")];
                const first = tiles[0].getBoundingClientRect();
                const second = tiles[1].getBoundingClientRect();
                if (first.top !== second.top || first.width < 140) {
                    throw new Error("two tiles should stand side by side");
                }
                // A long label takes a second line; the number beside it stays whole.
                const row = anchor.querySelector("[data-card=actions] .o_ar_row");
                row.querySelector(".flex-grow-1").textContent = "Something long to do ".repeat(5);
                const badge = row.querySelector(".badge");
                if (badge.scrollWidth > badge.clientWidth) {
                    throw new Error("a number is cut");
                }
            },
        },
        {
            trigger: ".o_ar_tile[data-tile=overdue]",
            run: "click",
        },
        { trigger: ".o_ar_cockpit, body:contains(Tour Buyer)" },
        { trigger: "body:not(:has(.o_ar_cockpit)) :contains(Tour Buyer)" },
    ],
});

// Nothing to read: the page says what to do next.
tours.add("ar_cockpit_empty", {
    steps: () => [
        { trigger: ".o_ar_empty:contains(Nothing is owed to you yet)", timeout },
        {
            trigger: ".o_ar_empty button:contains(First steps)",
            run: "click",
        },
        { trigger: ".o_form_view:contains(First steps)" },
    ],
});

// The server refuses: the page says so, and tries again when asked.
tours.add("ar_cockpit_error", {
    steps: () => [
        { trigger: ".o_ar_cockpit .alert-danger:contains(The server is tired)", timeout },
        {
            trigger: ".o_ar_cockpit .alert-danger button:contains(Try again)",
            run: "click",
        },
        { trigger: ".o_ar_cockpit_ready .o_ar_tile[data-tile=overdue][data-value='1600']" },
        {
            content: "No server at all: said in words, not in addresses",
            trigger: ".o_ar_refresh",
            run({ anchor }) {
                const open = XMLHttpRequest.prototype.open;
                XMLHttpRequest.prototype.open = function (method, url, ...more) {
                    if (url.includes("load_cockpit")) {
                        XMLHttpRequest.prototype.open = open;
                        this.send = () => this.dispatchEvent(new Event("error"));
                    }
                    return open.call(this, method, url, ...more);
                };
                anchor.click();
            },
        },
        {
            trigger: ".o_ar_cockpit .alert-danger:contains(did not answer) button:contains(Try again)",
            run: "click",
        },
        { trigger: ".o_ar_cockpit_ready .o_ar_tile[data-tile=overdue][data-value='1600']" },
    ],
});
