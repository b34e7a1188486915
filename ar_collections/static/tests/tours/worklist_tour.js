import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

// The first page of a fresh server waits for its assets.
const timeout = 30000;

/** A key as a person presses it, with nothing in focus. */
function press(key) {
    return () => {
        document.activeElement?.blur();
        document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    };
}

const OPEN = ".o_ar_customer .o_ar_card:not(.o_ar_stale)";

// A collector's hour: call, promise, payment registered, next.
tours.add("ar_worklist_hour", {
    steps: () => [
        {
            content: "The largest is first, and open",
            trigger: ".o_ar_rows button:first-child[data-name=Alpha].o_ar_row_selected",
            timeout,
        },
        { trigger: `${OPEN}:has(h2:contains(Alpha))` },
        {
            content: "The sum is shown line by line",
            trigger: ".o_ar_why li[data-part=money]:contains(3,000.00)",
        },
        { trigger: ".o_ar_guide:contains(Tour Collector)" },
        { trigger: ".o_ar_items tr[data-item]:contains(3,000.00) input:checked" },
        {
            content: "The number can be called",
            trigger: "a.o_ar_phone[href='tel:+33123456789']",
            run({ anchor }) {
                // A browser without telephone must not leave the page.
                anchor.addEventListener("click", (ev) => ev.preventDefault(), { once: true });
                anchor.click();
            },
        },
        {
            content: "P: a promise",
            trigger: OPEN,
            run: press("p"),
        },
        {
            content: "Half of it",
            trigger: ".o_ar_outcome_form[data-form=promise] input[name=amount]",
            run: "edit 1500",
        },
        {
            trigger: ".o_ar_outcome_form button[type=submit]",
            run: "click",
        },
        {
            content: "Off the list, the next one is open",
            trigger: ".o_ar_rows button:first-child[data-name=Bravo].o_ar_row_selected",
        },
        { trigger: ".o_ar_rows:not(:has([data-name=Alpha]))" },
        {
            content: "Bravo says that the money is in the bank: look at the invoice",
            trigger: `${OPEN}:has(h2:contains(Bravo)) .o_ar_document`,
            run: "click",
        },
        {
            trigger: ".o_form_view button[name=action_register_payment]:visible",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_create_payments]",
            run: "click",
        },
        { trigger: "body:not(:has(.modal)) .o_form_view" },
        {
            content: "Back",
            trigger: ".o_control_panel .breadcrumb-item a:contains(Worklist), .o_control_panel .o_back_button",
            run: "click",
        },
        {
            content: "The payment has taken Bravo off the list",
            trigger: ".o_ar_rows:not(:has([data-name=Bravo])) button:first-child[data-name=Charlie]",
        },
        { trigger: `${OPEN}:has(h2:contains(Charlie))` },
        {
            content: "N: no answer, one key",
            trigger: ".o_ar_worklist",
            run: press("n"),
        },
        { trigger: ".o_ar_empty:contains(Nobody has to be contacted now)" },
        {
            content: "What was written down",
            trigger: ".o_ar_bar button:contains(List and export)",
            run: "click",
        },
        { trigger: ".o_list_view, .o_view_nocontent" },
    ],
});

// Whoever reads has no buttons; the keys do nothing.
tours.add("ar_worklist_read", {
    steps: () => [
        { trigger: ".o_ar_rows [data-name=Alpha]", timeout },
        { trigger: `${OPEN}:has(h2:contains(Alpha)):not(:has([data-outcome]))` },
        { trigger: OPEN, run: press("n") },
        { trigger: OPEN, run: press("j") },
        { trigger: `${OPEN}:has(h2:contains(Bravo))` },
        { trigger: ".o_ar_worklist", run: press("?") },
        {
            trigger: ".o_ar_help:contains(Next customer) button:contains(Close)",
            run: "click",
        },
        {
            content: "A tab cuts the list",
            trigger: "[data-tab=risk]",
            run: "click",
        },
        { trigger: ".o_ar_worklist [data-tab=risk].btn-primary" },
    ],
});

// A phone: the list, then one customer, nothing wider than the screen.
tours.add("ar_worklist_phone", {
    steps: () => [
        {
            trigger: ".o_ar_rows [data-name=Alpha]",
            timeout,
            run: "click",
        },
        { trigger: `.o_ar_open ${OPEN}:has(h2:contains(Alpha))` },
        {
            trigger: ".o_ar_worklist",
            run({ anchor }) {
                const page = anchor.querySelector(".o_content");
                if (page.scrollWidth > page.clientWidth) {
                    throw new Error(`${page.scrollWidth} pixels on ${page.clientWidth}`);
                }
                const button = anchor.querySelector("[data-outcome=no_answer]");
                if (button.getBoundingClientRect().height < 40) {
                    throw new Error("too small for a thumb");
                }
            },
        },
        {
            trigger: "[data-outcome=no_answer]",
            run: "click",
        },
        { trigger: ".o_ar_work:has([data-row]):not(:has([data-name=Alpha]))" },
    ],
});
