/// The 97.5 % quantile of Student's distribution with so many degrees of freedom, 1 or more.
package func studentT(degrees: Int) -> Double {
    precondition(degrees > 0, "a distribution without degrees of freedom")
    if degrees <= quantiles.count { return quantiles[degrees - 1] }
    // The expansion of Cornish and Fisher around the normal quantile: exact to 1e-5 above 30 degrees.
    let (z, n) = (1.959963984540054, Double(degrees))
    let square = z * z
    let first = z * (square + 1) / 4
    let second = z * ((5 * square + 16) * square + 3) / 96
    let third = z * (((3 * square + 19) * square + 17) * square - 15) / 384
    return z + (first + (second + third / n) / n) / n
}

/// The 97.5 % quantiles for 1 to 30 degrees of freedom.
private let quantiles = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
    2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963,
    2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272,
]
