//! Fields of a request, and which of them a request uses: one enumeration and one set for each operation.

/// Declares `Field` and `Fields` from rows of a variant, the name as the client spells it, and when it counts as used.
macro_rules! fields {
    ($($variant:ident $name:literal $when:literal,)*) => {
        /// A field of the request, or a kind of what is in it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`; counted as used ", $when, ".")] $variant,)*
        }

        impl Field {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];

            /// As the client spells it.
            pub fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// When a request counts as using it.
            pub fn when(self) -> &'static str {
                match self { $(Field::$variant => $when,)* }
            }
        }

        /// A set of fields.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Fields(u64);

        impl Fields {
            /// Adds one.
            pub fn insert(&mut self, field: Field) {
                self.0 |= 1u64 << (field as u8);
            }

            /// Whether it is in the set.
            pub fn contains(self, field: Field) -> bool {
                self.0 & (1u64 << (field as u8)) != 0
            }

            /// All that are in the set.
            pub fn iter(self) -> impl Iterator<Item = Field> {
                Field::ALL.iter().copied().filter(move |field| self.contains(*field))
            }
        }

        // The set is one u64.
        const _: () = assert!(Field::ALL.len() <= 64);
    };
}
pub(crate) use fields;
