package import Collectives
package import Studies

extension StallSettings {
    /// The limits for `StallWatch`.
    package var limits: StallLimits { StallLimits(warn: warn, stop: stop) }
}
