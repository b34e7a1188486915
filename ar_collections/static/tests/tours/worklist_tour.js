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

/** The open customer shows such a form; Escape closes it again. */
function opens(key, code) {
    const form = `.o_ar_outcome_form[data-form=${code}]`;
    return [
        { trigger: OPEN, run: press(key) },
        { content: `${key}: ${code}`, trigger: `${form} button[type=submit]:enabled` },
        { trigger: form, run: press("Escape") },
        { trigger: ".o_ar_customer:not(:has(.o_ar_outcome_form)) [data-outcome]:enabled" },
    ];
}

/** A key, and what is seen then; the list must have been drawn before. */
function moves(key, name) {
    return [
        { trigger: OPEN, run: press(key) },
        { content: `${key}: ${name}`, trigger: `${OPEN}:has(h2:contains(${name}))` },
    ];
}

/** A day to come, as the calendar of the browser hands it over. */
function choosesDay(days) {
    return ({ anchor }) => {
        anchor.focus();
        anchor.value = luxon.DateTime.now().plus({ days }).toISODate();
        for (const name of ["input", "change"]) {
            anchor.dispatchEvent(new Event(name, { bubbles: true }));
        }
        anchor.blur();
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

// Every key: forms open, one click does the rest, and undoes it.
tours.add("ar_worklist_keys", {
    steps: () => [
        { trigger: `${OPEN}:has(h2:contains(Alpha))`, timeout },
        {
            content: "Last contacts, promises and disputes, and what is agreed about each item",
            trigger: "section[aria-label='Last contacts']:contains(The reception took a message)",
        },
        {
            trigger:
                "section[aria-label='Promises and disputes'] li:contains(111.00):contains(Open)",
        },
        {
            trigger:
                "section[aria-label='Promises and disputes'] li:contains(Price):contains(77.00)",
        },
        { trigger: ".o_ar_items tr:contains(111.00):contains(Promised for) input:disabled" },
        { trigger: ".o_ar_items tr:contains(77.00):contains(Disputed) input:disabled" },
        ...opens("c", "call_back"),
        ...opens("p", "promise"),
        ...opens("d", "dispute"),
        {
            content: "A tick is no typing: the keys go on",
            trigger: ".o_ar_items tr[data-item] input:enabled",
            run({ anchor }) {
                anchor.focus();
                anchor.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true }));
            },
        },
        {
            content: "2: the second contact",
            trigger: ".o_ar_contact.o_ar_reached:contains(Accountant) [aria-pressed=true]",
        },
        {
            content: "A key that is held down writes nothing down",
            trigger: OPEN,
            run() {
                document.dispatchEvent(new KeyboardEvent("keydown", { key: "n", repeat: true }));
            },
        },
        { trigger: OPEN, run: press("w") },
        { trigger: ".o_ar_done:contains(Wrong contact):contains(Accountant)" },
        { trigger: `${OPEN}:has(h2:contains(Bravo))` },
        { trigger: ".o_ar_rows:not(:has([data-name=Alpha]))", run: press("t") },
        {
            content: "T: a note to it",
            trigger: ".o_ar_done_note:focus",
            run: "edit Left the company && press Enter",
        },
        { trigger: ".o_ar_done_saved" },
        {
            content: "U: it did not happen",
            trigger: OPEN,
            run: press("u"),
        },
        { trigger: ".o_ar_rows [data-name=Alpha].o_ar_row_selected" },
        { trigger: ".o_ar_worklist:not(:has(.o_ar_done))" },
        { trigger: `${OPEN}:has(h2:contains(Alpha)) .o_ar_contact:contains(Accountant)` },
        {
            content: "What was undone is no contact",
            trigger: "section[aria-label='Last contacts']:not(:contains(Wrong contact))",
        },
        { trigger: OPEN, run: press("e") },
        { trigger: ".o_ar_done:contains(Escalate)" },
        { trigger: `${OPEN}:has(h2:contains(Bravo))`, run: press("t") },
        {
            trigger: ".o_ar_done_note:focus",
            run: "edit He laughs at us && press Enter",
        },
        { trigger: ".o_ar_done_saved" },
        ...moves("j", "Charlie"),
        ...moves("k", "Bravo"),
        ...moves("ArrowDown", "Charlie"),
        ...moves("ArrowUp", "Bravo"),
        { trigger: OPEN, run: press("/") },
        {
            content: "/: the search has the focus, and its letters are no keys",
            trigger: ".o_ar_search:focus",
            run({ anchor }) {
                anchor.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
            },
        },
        { trigger: OPEN, run: press("?") },
        { trigger: ".o_ar_help:contains(Undo it)", run: press("Escape") },
        { trigger: ".o_ar_worklist:not(:has(.o_ar_help))" },
        {
            content: "R: the list is read again",
            trigger: OPEN,
            async run() {
                performance.clearResourceTimings();
                press("r")();
                const isRead = (entry) => entry.name.includes("/ar.worklist/load_worklist");
                for (let turn = 0; turn < 100; turn++) {
                    if (performance.getEntriesByType("resource").some(isRead)) {
                        return;
                    }
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                throw new Error("not read again");
            },
        },
        { trigger: `${OPEN}:has(h2:contains(Bravo))`, run: press("s") },
        { trigger: ".o_ar_done:contains(Nothing agreed)" },
        { trigger: `${OPEN}:has(h2:contains(Charlie))`, run: press("o") },
        {
            content: "O: the customer's form",
            trigger: ".o_form_view .o_field_widget[name=collector_id]",
        },
        {
            trigger:
                ".o_control_panel .breadcrumb-item a:contains(Worklist), .o_control_panel .o_back_button",
            run: "click",
        },
        { trigger: `${OPEN}:has(h2:contains(Charlie))`, run: press("a") },
        { trigger: ".o_ar_done:contains(Wrong address)" },
        { trigger: `${OPEN}:has(h2:contains(Delta))`, run: press("c") },
        {
            content: "C: call back on a day, with a note",
            trigger: ".o_ar_outcome_form[data-form=call_back] input[name=date]",
            run: choosesDay(9),
        },
        {
            trigger: ".o_ar_outcome_form textarea[name=note]",
            run: "edit After the holidays",
        },
        { trigger: ".o_ar_outcome_form button[type=submit]", run: "click" },
        { trigger: `${OPEN}:has(h2:contains(Echo))`, run: press("d") },
        {
            content: "D: the reason, and one of the two items",
            trigger: ".o_ar_outcome_form[data-form=dispute] select[name=reason]",
            run: "selectByLabel Quality or damage",
        },
        {
            content: "A part of it",
            trigger: ".o_ar_outcome_form[data-form=dispute] input[name=amount]",
            run: "edit 30",
        },
        { trigger: ".o_ar_items tr[data-item]:contains(50.00):not(:contains(300.00)) input:checked", run: "click" },
        {
            trigger: ".o_ar_outcome_form textarea[name=note]",
            run: "edit Ten percent too much",
        },
        { trigger: ".o_ar_outcome_form:contains(1 items) button[type=submit]", run: "click" },
        { trigger: `${OPEN}:has(h2:contains(Foxtrot))`, run: press("y") },
        {
            content: "Y: one click, and back again",
            trigger: ".o_ar_done:contains(Paid already) .o_ar_undo",
        },
        { trigger: ".o_ar_empty:contains(Nobody has to be contacted now)", run: press("u") },
        { trigger: ".o_ar_worklist:not(:has(.o_ar_done))" },
        { trigger: `${OPEN}:has(h2:contains(Foxtrot))`, run: press("y") },
        { trigger: ".o_ar_empty:contains(Nobody has to be contacted now)" },
        {
            content: "Another day, a note, and the proof: no way back after that",
            trigger: ".o_ar_done input[name=done_date]",
            run: choosesDay(12),
        },
        {
            trigger: ".o_ar_done_note",
            run: "edit By cheque && press Enter",
        },
        { trigger: ".o_ar_done_saved", run: press("m") },
        { trigger: ".o_ar_done:not(:has(.o_ar_proof)):not(:has(.o_ar_undo))" },
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
                const cut = [...anchor.querySelectorAll(".o_ar_document")].filter(
                    (link) => link.scrollWidth > link.clientWidth
                );
                if (cut.length) {
                    throw new Error(`${cut[0].textContent} cannot be read`);
                }
                for (const box of anchor.querySelectorAll(".o_ar_contact")) {
                    const right = box.getBoundingClientRect().right;
                    for (const link of box.querySelectorAll(".btn")) {
                        if (link.getBoundingClientRect().right > right) {
                            throw new Error(`${link.textContent} leaves its box`);
                        }
                    }
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
