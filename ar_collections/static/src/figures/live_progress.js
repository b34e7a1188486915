import { onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";

const SECONDS = 4;
const OPEN = ["waiting", "printing"];

/** A progress bar that reads its record again while the work is under way. */
export class LiveProgressField extends ProgressBarField {
    setup() {
        super.setup();
        onMounted(() => {
            this.timer = setInterval(() => this.reload(), SECONDS * 1000);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async reload() {
        const { record } = this.props;
        if (this.isLoading || document.hidden || !OPEN.includes(record.data.state)) {
            return;
        }
        this.isLoading = true;
        try {
            await record.load();
        } catch {
            // Away or logged out: the page says so itself when something is clicked.
            clearInterval(this.timer);
        } finally {
            this.isLoading = false;
        }
    }
}

registry.category("fields").add("ar_live_progress", {
    ...progressBarField,
    component: LiveProgressField,
});
