extension [Double] {
    /// The mean; nil for no numbers.
    package var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }

    /// The median, for an even count the mean of the two middle numbers; nil for no numbers.
    package var median: Double? {
        if isEmpty { return nil }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}

extension [Double?] {
    /// The mean; nil for no numbers, or if one is missing.
    package var wholeMean: Double? {
        let known = compactMap(\.self)
        return known.count == count ? known.mean : nil
    }
}
