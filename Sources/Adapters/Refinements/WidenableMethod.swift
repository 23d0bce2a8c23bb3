import Diagnostics

/// A method with a rank or bottleneck width that can be multiplied.
package protocol WidenableMethod: AdapterMethod {
    /// This method `factor` times as wide; nil if it has no width, or none so large.
    func widened(by factor: Int) -> (any AdapterMethod)?
}
