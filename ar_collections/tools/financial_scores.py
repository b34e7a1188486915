"""Scores from annual accounts. Pure functions; amounts in any unit, the same for all of them.

Which result is good is not said here: the bands are data of the scorecard, because public sources
disagree on them.
"""

# Added to Z'' in the emerging-markets form (Altman, Hartzell and Peck, 1995), so that a firm in
# default stands near zero. The limits of the zones move with it: 1.1 and 2.6 belong to the form
# without the constant, 4.35 and 5.85 to the form with it. Mixing the two makes everybody look safe.
EMERGING_MARKETS_CONSTANT = 3.25


def altman_z2(
    *, working_capital: float, retained_earnings: float, ebit: float, equity: float,
    total_assets: float, total_debt: float, constant: float = 0.0,
) -> float | None:
    """Return Altman's Z'' for private firms, manufacturers or not. A pure number.

    Z'' = 6.56 X1 + 3.26 X2 + 6.72 X3 + 1.05 X4, with X1 = working capital / total assets,
    X2 = retained earnings / total assets, X3 = earnings before interest and taxes / total assets,
    X4 = book value of equity / total liabilities.

    Source: E. I. Altman, "Predicting Financial Distress of Companies: Revisiting the Z-Score and
    ZETA Models", Stern School of Business, July 2000. Zones: above 2.6 safe, below 1.1 distress.

    :param working_capital: current assets minus current liabilities
    :param total_debt: all liabilities, short and long
    :param constant: `EMERGING_MARKETS_CONSTANT` for that form
    :return: None when assets or liabilities are not positive
    """
    if total_assets <= 0 or total_debt <= 0:
        return None
    return (
        constant
        + 6.56 * working_capital / total_assets
        + 3.26 * retained_earnings / total_assets
        + 6.72 * ebit / total_assets
        + 1.05 * equity / total_debt
    )


def conan_holder(
    *, ebitda: float, permanent_capital: float, receivables_and_cash: float, total_assets: float,
    total_debt: float, financial_cost: float, sales: float, staff_cost: float, value_added: float,
) -> float | None:
    """Return the score of Conan and Holder for industrial firms of 10 to 500 people. Points.

    N = 24 R1 + 22 R2 + 16 R3 - 87 R4 - 10 R5, with R1 = gross operating surplus (EBE) / debt,
    R2 = permanent capital / total assets, R3 = receivables and cash (without stocks) / total
    assets, R4 = financial cost / sales without tax, R5 = staff cost / value added; ratios as plain
    numbers, not in percent (with percents the weights are a hundred times smaller).

    Source: J. Conan and M. Holder, "Variables explicatives de performances et contrôle de gestion
    dans les PMI", thesis, Paris-Dauphine, 1979. Usual reading: 16 and more, risk of failure below
    10 %; 9 to 16, 10 to 30 %; 4 to 9, 30 to 65 %; under 4, above 65 %.

    :return: None when a denominator is not positive
    """
    if min(total_assets, total_debt, sales, value_added) <= 0:
        return None
    return (
        24 * ebitda / total_debt
        + 22 * permanent_capital / total_assets
        + 16 * receivables_and_cash / total_assets
        - 87 * financial_cost / sales
        - 10 * staff_cost / value_added
    )
