; From vectors to vectors: scal, axpy.
;
; No target is named: every CPU level is compiled from this text, and the loops are vectorised for
; each of them.

; void scal(uint64_t n, double a, double *x): x[i] *= a
define void @scal(i64 %n, double %a, ptr %x) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds double, ptr %x, i64 %i
  %old = load double, ptr %p, align 8
  %new = fmul double %old, %a
  store double %new, ptr %p, align 8
  %next = add nuw i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}

; void axpy(uint64_t n, double a, const double *x, double *y): y[i] += a * x[i]
define void @axpy(i64 %n, double %a, ptr noalias readonly %x, ptr noalias %y) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %px = getelementptr inbounds double, ptr %x, i64 %i
  %py = getelementptr inbounds double, ptr %y, i64 %i
  %vx = load double, ptr %px, align 8
  %vy = load double, ptr %py, align 8
  %ax = fmul double %vx, %a
  %new = fadd double %vy, %ax
  store double %new, ptr %py, align 8
  %next = add nuw i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}
