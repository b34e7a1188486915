import { registry } from "@web/core/registry";

// One red pixel.
const PHOTO =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

function row(label) {
    return `form[action*="/my/statement/link/"] tr:contains("${label}") input[name=items]`;
}

registry.category("web_tour.tours").add("ar_door_visit", {
    steps: () => [
        {
            content: "the account is there",
            trigger: 'h3:contains("Statement of account")',
        },
        { content: "choose the disputed invoice", trigger: row("DOOR/1"), run: "click" },
        {
            trigger: 'button:contains("Something is wrong")',
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "it is chosen on the form",
            trigger: 'label:contains("DOOR/1")',
        },
        { trigger: "#door_reason", run: "selectByIndex 1" },
        { trigger: "#door_note", run: "edit Two boxes were broken" },
        {
            content: "add a photo",
            trigger: "#door_files",
            run() {
                const bytes = Uint8Array.from(atob(PHOTO), (sign) => sign.charCodeAt(0));
                const files = new DataTransfer();
                files.items.add(new File([bytes], "broken box.png", { type: "image/png" }));
                this.anchor.files = files.files;
            },
        },
        { trigger: 'button:contains("Send")', run: "click", expectUnloadPage: true },
        { trigger: '.alert-success:contains("We are looking into it")' },
        { trigger: 'tr:contains("DOOR/1") .badge:contains("We are looking into it")' },
        { content: "choose what is promised", trigger: row("DOOR/2"), run: "click" },
        { trigger: 'button:contains("Promise a date")', run: "click", expectUnloadPage: true },
        {
            trigger: "#door_date",
            run() {
                this.anchor.value = this.anchor.max;
            },
        },
        { trigger: 'button:contains("Note my promise")', run: "click", expectUnloadPage: true },
        { trigger: '.alert-success:contains("We have noted your promise")' },
        { trigger: 'tr:contains("DOOR/2") .badge:contains("Payment promised on")' },
        { content: "pay the third one", trigger: row("DOOR/3"), run: "click" },
        { trigger: 'button:contains("Pay them")', run: "click", expectUnloadPage: true },
        { trigger: 'tfoot:contains("40.00")' },
        {
            content: "the form of the provider",
            trigger: "#customer_input",
            run: "edit 4242 4242 4242 4242",
        },
        { trigger: "#simulated_payment_state", run: "select done" },
        {
            trigger: '[name="o_payment_submit_button"]:not(:disabled)',
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "back from the provider, by way of Odoo's status page",
            trigger: '.alert-success:contains("Thank you for your payment")',
            timeout: 30000,
        },
    ],
});

registry.category("web_tour.tours").add("ar_door_paid", {
    steps: () => [
        { trigger: 'h3:contains("Statement of account")' },
        { trigger: 'body:not(:contains("DOOR/3")) tr:contains("DOOR/2")' },
    ],
});
