; Vectors of doubles: dot, center.
;
; No target is named: each level of the processor is compiled from this text.

; double dot(uint64_t n, const double *x, const double *y): the sum of x[i] * y[i]
define double @dot(i64 %n, ptr readonly %x, ptr readonly %y) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi double [ 0.0, %entry ], [ %more, %loop ]
  %px = getelementptr inbounds double, ptr %x, i64 %i
  %py = getelementptr inbounds double, ptr %y, i64 %i
  %vx = load double, ptr %px, align 8
  %vy = load double, ptr %py, align 8
  %product = fmul double %vx, %vy
  %more = fadd double %sum, %product
  %next = add nuw i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %done

done:
  %result = phi double [ 0.0, %entry ], [ %more, %loop ]
  ret double %result
}

; Internal: not exported, compiled into what calls it.
define internal double @mean(i64 %n, ptr readonly %x) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi double [ 0.0, %entry ], [ %more, %loop ]
  %px = getelementptr inbounds double, ptr %x, i64 %i
  %vx = load double, ptr %px, align 8
  %more = fadd double %sum, %vx
  %next = add nuw i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %done

done:
  %total = phi double [ 0.0, %entry ], [ %more, %loop ]
  %count = uitofp i64 %n to double
  %result = fdiv double %total, %count
  ret double %result
}

; double center(uint64_t n, double *x): x[i] -= mean(x), returns the mean; NaN if there are no elements
define double @center(i64 %n, ptr %x) {
entry:
  %mean = call double @mean(i64 %n, ptr %x)
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %px = getelementptr inbounds double, ptr %x, i64 %i
  %old = load double, ptr %px, align 8
  %new = fsub double %old, %mean
  store double %new, ptr %px, align 8
  %next = add nuw i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %done

done:
  ret double %mean
}
