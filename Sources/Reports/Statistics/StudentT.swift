/// The number that a variable of Student's distribution with so many degrees of freedom exceeds in 2.5 % of cases.
package func studentT(degrees: Int) -> Double {
    precondition(degrees > 0, "a distribution without degrees of freedom")
    if degrees <= quantiles.count { return quantiles[degrees - 1] }
    // The expansion of Cornish and Fisher around the normal quantile: exact to 1e-5 from 30 degrees on.
    let (z, n) = (1.959963984540054, Double(degrees))
    let first = (z * z * z + z) / 4
    let second = (5 * z * z * z * z * z + 16 * z * z * z + 3 * z) / 96
    return z + first / n + second / (n * n)
}

/// The 97.5 % quantiles for 1 to 30 degrees of freedom.
private let quantiles = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
    2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963,
    2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272,
]
