/// Chooses the entries of a tensor that an adapter keeps.
package protocol EntryChoice: Sendable {
    func keeps(_ entry: Int, of adapter: Int) -> Bool
}
