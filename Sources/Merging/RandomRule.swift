/// A rule that draws random numbers.
package protocol RandomRule: MergeRule {
    var seed: UInt64 { get set }
}
