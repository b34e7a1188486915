import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { getChartConfig } from "./cockpit_chart_config";

/** One chart of the cockpit, drawn by the Chart.js that Odoo ships; a click names the element. */
export class CockpitChart extends Component {
    static template = "ar_collections.CockpitChart";
    static props = {
        kind: { type: String, validate: (kind) => ["aged", "dso", "forecast"].includes(kind) },
        rows: Array,
        currencyId: Number,
        label: String,
        onSelect: Function,
    };

    setup() {
        this.canvasRef = useRef("canvas");
        this.state = useState({ failed: false });
        onWillStart(async () => {
            try {
                await loadBundle("web.chartjs_lib");
            } catch {
                // The figures stand beside the chart: a page without drawing is still a page.
                this.state.failed = true;
            }
        });
        useEffect(
            () => this.draw(),
            () => [this.props.rows, this.canvasRef.el]
        );
    }

    draw() {
        const canvas = this.canvasRef.el;
        if (!canvas) {
            return;
        }
        const config = getChartConfig(this.props.kind, this.props.rows, {
            currencyId: this.props.currencyId,
            color: getComputedStyle(canvas).color,
            isNarrow: canvas.parentElement.clientWidth < 420,
        });
        config.options.onClick = (ev, elements, chart) => {
            const [hit] = chart.getElementsAtEventForMode(
                ev.native,
                "index",
                { intersect: false },
                true
            );
            if (hit) {
                this.props.onSelect(this.props.rows[hit.index]);
            }
        };
        config.options.onHover = (ev, elements) => {
            canvas.style.cursor = elements.length ? "pointer" : "default";
        };
        const chart = new Chart(canvas, config);
        return () => chart.destroy();
    }
}
