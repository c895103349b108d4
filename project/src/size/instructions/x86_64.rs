//! x86-64, decoded by `iced-x86`.

use iced_x86::{Decoder, DecoderOptions, OpKind};

use super::{Decode, Instruction};

/// The processors of Intel and AMD in 64-bit mode.
pub(super) struct X86_64;

impl Decode for X86_64 {
    fn instructions(&self, code: &[u8], address: u64, found: &mut dyn FnMut(Instruction)) {
        let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
        let mut instruction = iced_x86::Instruction::default();
        while decoder.can_decode() {
            let start = decoder.ip();
            decoder.decode_out(&mut instruction);
            if instruction.is_invalid() {
                // The next byte may begin an instruction again.
                let next = start + 1;
                let Ok(position) = usize::try_from(next - address) else {
                    return;
                };
                if decoder.set_position(position).is_err() {
                    return;
                }
                decoder.set_ip(next);
                continue;
            }
            let target = if instruction.is_ip_rel_memory_operand() {
                Some(instruction.ip_rel_memory_address())
            } else {
                branch(&instruction)
            };
            let range = start..decoder.ip();
            found(Instruction { range, target });
        }
    }
}

/// The target of a direct call or jump.
fn branch(instruction: &iced_x86::Instruction) -> Option<u64> {
    let near = matches!(
        instruction.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    );
    near.then(|| instruction.near_branch_target())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(code: &[u8]) -> Vec<(u64, Option<u64>)> {
        let mut found = Vec::new();
        X86_64.instructions(code, 0x100, &mut |instruction| {
            found.push((instruction.range.start, instruction.target));
        });
        found
    }

    #[test]
    fn what_leads_somewhere() {
        for (code, target) in [
            (&[0xe8, 0x0b, 0, 0, 0][..], Some(0x110)),         // call
            (&[0xe9, 0x0b, 0, 0, 0], Some(0x110)),             // jmp
            (&[0xeb, 0x0e], Some(0x110)),                      // jmp, short
            (&[0x0f, 0x84, 0x0a, 0, 0, 0], Some(0x110)),       // je
            (&[0x48, 0x8d, 0x05, 0x09, 0, 0, 0], Some(0x110)), // lea rax, [rip + 9]
            (&[0xff, 0x15, 0x0a, 0, 0, 0], Some(0x110)),       // call [rip + 10]
            (&[0xe8, 0xfb, 0xfe, 0xff, 0xff], Some(0)),        // call, to the section's start
            (&[0xff, 0xd0], None),                             // call rax
            (&[0xc3], None),                                   // ret
            (&[0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0], None),     // vaddps zmm0, zmm0, zmm0
            (&[0xc5, 0xfc, 0x58, 0x05, 0x08, 0, 0, 0], Some(0x110)), // vaddps ymm0, ymm0, [rip + 8]
        ] {
            assert_eq!(targets(code), [(0x100, target)], "{code:x?}");
        }
    }

    #[test]
    fn goes_on_behind_what_is_no_instruction() {
        // 0x06 is none in 64-bit mode.
        let found = targets(&[0x06, 0xe8, 0x0a, 0, 0, 0, 0xc3]);
        assert_eq!(found, [(0x101, Some(0x110)), (0x106, None)]);
        // Cut short in an instruction.
        assert!(targets(&[0xe8, 0]).len() <= 1);
        assert!(targets(&[]).is_empty());
    }
}
