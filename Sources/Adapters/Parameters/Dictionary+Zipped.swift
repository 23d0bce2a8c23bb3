extension Dictionary {
    /// The values of both dictionaries for the keys that both have, combined.
    func zipped<Other, Result>(
        with other: [Key: Other], _ combine: (Value, Other) -> Result
    ) -> [Key: Result] {
        Dictionary<Key, Result>(
            uniqueKeysWithValues: compactMap { key, value in
                other[key].map { (key, combine(value, $0)) }
            })
    }
}
