import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";

// Readable on white and on dark grey.
const BLUE = "#3188E6";
const TEAL = "#00A78D";
const GREY = "#8A8F9E";
const RAMP = ["#FFBC2C", "#F4A261", "#F48935", "#EA6175", "#CE4257"];
const GRID = "rgba(128, 128, 128, 0.2)";

function faded(hex, opacity) {
    return hex + Math.round(opacity * 255).toString(16).padStart(2, "0");
}

/** Blue for what is not due, then from yellow to red whatever the number of buckets. */
export function getAgedColors(rows) {
    const late = rows.filter((row) => row.is_late);
    return rows.map((row) => {
        if (!row.is_late) {
            return row.is_credit ? TEAL : BLUE;
        }
        const position = late.length > 1 ? late.indexOf(row) / (late.length - 1) : 1;
        return RAMP[Math.round(position * (RAMP.length - 1))];
    });
}

function getOptions(format, tick, { color, isNarrow }) {
    return {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
            legend: { display: false, labels: { color, boxWidth: 12 } },
            tooltip: { callbacks: { label: format } },
        },
        scales: {
            x: {
                grid: { display: false },
                border: { color: GRID },
                ticks: { color, autoSkip: true, maxTicksLimit: isNarrow ? 5 : 13, maxRotation: 45 },
            },
            y: {
                beginAtZero: true,
                grid: { color: GRID },
                border: { display: false },
                ticks: { color, maxTicksLimit: 6, callback: tick },
            },
        },
    };
}

function getAged(rows, settings) {
    const money = (value) => formatCurrency(value, settings.currencyId);
    return {
        type: "bar",
        data: {
            labels: rows.map((row) => row.name),
            datasets: [
                {
                    data: rows.map((row) => row.amount),
                    backgroundColor: getAgedColors(rows),
                    maxBarThickness: 64,
                    borderRadius: 2,
                },
            ],
        },
        options: getOptions((item) => money(item.raw), getMoneyTick(settings), settings),
    };
}

function getDso(rows, settings) {
    const line = (label, color, key, more) => ({
        label,
        data: rows.map((row) => row[key]),
        borderColor: color,
        backgroundColor: faded(color, 0.15),
        borderWidth: 2,
        pointRadius: settings.isNarrow ? 0 : 2,
        pointHitRadius: 12,
        tension: 0.2,
        spanGaps: false,
        ...more,
    });
    const days = (value) => formatFloat(value, { digits: [16, 1] });
    const options = getOptions(
        (item) => `${item.dataset.label}: ${_t("%s days", days(item.raw))}`,
        (value) => formatFloat(value, { digits: [16, 0] }),
        settings
    );
    options.plugins.legend.display = true;
    return {
        type: "line",
        data: {
            labels: rows.map((row) => row.label),
            datasets: [
                line(_t("DSO"), BLUE, "dso", { fill: "origin" }),
                line(_t("By count-back"), GREY, "countback", { borderDash: [5, 4], borderWidth: 1.5 }),
            ],
        },
        options,
    };
}

/** Bars: what a week brings. Line and band: what is in by its end, at least and at most. */
function getForecast(rows, settings) {
    const money = (value) => formatCurrency(value, settings.currencyId, { digits: [16, 0] });
    const options = getOptions(
        (item) => `${item.dataset.label}: ${money(item.raw)}`,
        getMoneyTick(settings),
        settings
    );
    options.plugins.legend.display = true;
    const line = (label, key, more) => ({
        type: "line",
        label,
        data: rows.map((row) => row[key]),
        borderColor: TEAL,
        backgroundColor: faded(TEAL, 0.15),
        borderWidth: 2,
        pointRadius: 0,
        pointHitRadius: 12,
        ...more,
    });
    return {
        type: "bar",
        data: {
            labels: rows.map((row) => row.label),
            datasets: [
                {
                    label: _t("In the week"),
                    data: rows.map((row) => row.likely),
                    backgroundColor: BLUE,
                    maxBarThickness: 28,
                    borderRadius: 2,
                },
                line(_t("So far, expected"), "likely_total"),
                line(_t("At least"), "low_total", { borderWidth: 1, borderDash: [4, 4] }),
                line(_t("At most"), "high_total", {
                    borderWidth: 1,
                    borderDash: [4, 4],
                    fill: "-1",
                }),
            ],
        },
        options,
    };
}

function getMoneyTick({ currencyId }) {
    return (value) =>
        formatCurrency(value, currencyId, {
            humanReadable: true,
            noSymbol: true,
            digits: [16, 1],
        }).replace(/[.,]0(?=\D*$)/, "");
}

const CONFIGS = { aged: getAged, dso: getDso, forecast: getForecast };

/**
 * @param {"aged"|"dso"|"forecast"} kind
 * @param {Object[]} rows what the server sent, one per bar or point
 * @param {{currencyId: number, color: string, isNarrow: boolean}} settings
 * @returns {Object} configuration of Chart.js
 */
export function getChartConfig(kind, rows, settings) {
    return CONFIGS[kind](rows, settings);
}
