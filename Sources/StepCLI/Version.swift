/// The version of all programs of this package.
package let orkVersion = "0.1.0"
