module lotwise

go 1.26
