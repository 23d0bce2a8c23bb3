import Diagnostics

/// A method that builds on adapters that other runs trained.
package protocol MethodOnAdapters: AdapterMethod {
    /// The files of those adapters; the method's results are valid only with these exact bytes.
    var inputFiles: [String] { get }
}
