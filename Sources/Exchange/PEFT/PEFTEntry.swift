import Adapters
import Formats

/// One method in PEFT's form.
protocol PEFTEntry: SendableMetatype {
    /// The value of `peft_type`.
    static var type: String { get }

    /// The settings and tensors of a method in PEFT's form; nil if the entry is another method's.
    ///
    /// A setting that PEFT lacks is a failure that names it.
    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: PEFTModules
    ) throws -> ForeignAdapter?

    /// The `adapter` section of a study that computes the same as a folder of this type.
    static func read(_ settings: JSONSection, _ tensors: PEFTSurvey) throws -> JSONValue
}
