package import Collectives
package import Studies

extension StallSettings {
    /// The limits for the watch over the ranks.
    package var limits: StallLimits { StallLimits(warn: warn, stop: stop) }
}
