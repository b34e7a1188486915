import { registry } from "@web/core/registry";

// The customer opens the link without a login, reads, signs, and is thanked.
registry.category("web_tour.tours").add("ar_payment_plan_sign", {
    steps: () => [
        {
            content: "Wait until the page is alive",
            trigger: "body[is-ready=true] .o_ar_plan_sign",
            run: "click",
        },
        {
            trigger: ".modal canvas.o_web_sign_signature",
        },
        {
            trigger: ".modal .o_web_sign_name_and_signature input",
            run: "clear",
        },
        {
            content: "Nobody signs without a name",
            trigger: ".modal .o_portal_sign_submit:disabled",
        },
        {
            trigger: ".modal .o_web_sign_name_and_signature input",
            run: "fill Jane Buyer",
        },
        {
            content: "The name is drawn as a signature",
            trigger: ".modal canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            trigger: ".modal .o_portal_sign_submit:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Thanked, and the instalments have a state",
            trigger: "#ar_payment_plan .alert-success:contains(Thank you)",
        },
        {
            trigger: "#ar_payment_plan:contains(Jane Buyer)",
        },
    ],
});
