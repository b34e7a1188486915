import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { CockpitChart } from "./cockpit_chart";
import { getAgedColors } from "./cockpit_chart_config";

const TILES_IN_ROW = 7;
const NO_FILTER = { months: 24, segment: "", collector: "" };

/** The first page of Receivables: one call brings everything, every element opens its list. */
export class Cockpit extends Component {
    static template = "ar_collections.Cockpit";
    static components = { CockpitChart, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.display = { controlPanel: {} };
        this.keepLast = new KeepLast();
        this.rootRef = useRef("root");
        this.state = useState({
            status: "loading", // loading, ready or error
            data: null,
            error: "",
            filters: { ...NO_FILTER, ...this.props.state?.filters },
            tables: { ...this.props.state?.tables },
        });
        useSetupAction({
            rootRef: this.rootRef,
            getLocalState: () => ({
                filters: { ...this.state.filters },
                tables: { ...this.state.tables },
            }),
        });
        // Not in onWillStart: the frame of the page stands at once, figures come when they are read.
        onMounted(() => this.load());
    }

    // === LOADING === //

    /** @param {boolean} [refresh] read the ledger now, whatever the server has kept */
    async load(refresh = false) {
        this.state.status = "loading";
        try {
            this.state.data = await this.keepLast.add(
                this.orm.silent.call("ar.cockpit", "load_cockpit", [
                    { ...this.state.filters },
                    refresh,
                ])
            );
            this.state.status = "ready";
        } catch (error) {
            this.state.error =
                error instanceof ConnectionLostError
                    ? _t("The server did not answer. Look at your connection, then try again.")
                    : error.data?.message || error.message || "";
            this.state.status = "error";
        }
    }

    setFilter(name, value) {
        this.state.filters[name] = name === "months" ? Number(value) : value;
        return this.load();
    }

    resetFilters() {
        Object.assign(this.state.filters, NO_FILTER);
        return this.load();
    }

    toggleTable(code) {
        this.state.tables[code] = !this.state.tables[code];
    }

    get isFiltered() {
        return Boolean(this.state.filters.segment || this.state.filters.collector);
    }

    // === CLICKS === //

    open(action) {
        if (action) {
            this.action.doAction(action);
        }
    }

    openFirstSteps() {
        this.action.doAction("ar_collections.ar_first_steps_action");
    }

    // === WORDS === //

    /** As many tiles in each row, so that none stands alone in the last one. */
    get tileColumns() {
        const count = this.state.data.tiles.length;
        return Math.ceil(count / Math.ceil(count / TILES_IN_ROW));
    }

    get readAt() {
        const at = deserializeDateTime(this.state.data.read_at);
        return _t("Read from the ledger %(at)s, in %(seconds)s s", {
            at: formatDateTime(at),
            seconds: formatFloat(this.state.data.seconds, { digits: [16, 1] }),
        });
    }

    /** A whole amount: cents say nothing on a cockpit. The exact one is in the tooltip. */
    money(amount) {
        return formatCurrency(amount, this.state.data.currency_id, { digits: [16, 0] });
    }

    exact(amount) {
        return formatCurrency(amount, this.state.data.currency_id);
    }

    months(count) {
        return _t("%s months", count);
    }

    days(value, digits = 1) {
        return _t("%s days", formatFloat(value, { digits: [16, digits] }));
    }

    /** As the reader writes it: French puts a space before the sign. */
    share(value) {
        return new Intl.NumberFormat(user.lang, { style: "percent" }).format(value);
    }

    value(tile) {
        if (tile.value === null || tile.value === undefined) {
            return "–";
        }
        if (tile.kind === "count") {
            return formatFloat(tile.value, { digits: [16, 0] });
        }
        return tile.kind === "days" ? this.days(tile.value) : this.money(tile.value);
    }

    /** Full sentence for a screen reader: a tile is one button. */
    tileLabel(tile) {
        return [tile.label, this.value(tile), tile.note, tile.trend?.text]
            .filter(Boolean)
            .join(", ");
    }

    tileTooltip(tile) {
        const exact =
            tile.kind === "money" && typeof tile.value === "number" ? this.exact(tile.value) : "";
        return [exact, tile.help].filter(Boolean).join(" · ");
    }

    get agedColors() {
        return getAgedColors(this.state.data.aged.rows);
    }

    get agedLabel() {
        return _t("Bars: open amount by age. The same figures stand in the list below.");
    }

    get dsoLabel() {
        return _t("Line: days of sales outstanding by month. Use “Table” to read the figures.");
    }

    get forecastLabel() {
        return _t("Cash expected by week, and what is in by its end. Use “Table” to read the figures.");
    }
}

registry.category("actions").add("ar_collections.cockpit", Cockpit);
