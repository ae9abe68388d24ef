/// Certificates for `localhost`: `valid`, `expired`, for a wrong name, and of an authority that is a stranger.
package enum GitCertificates {
    /// Makes `authority.pem` and a pair `NAME.pem`, `NAME.key` for each of them.
    package static func make(in folder: GitFolder) async throws {
        try await folder.sh(
            """
            make() { # name subject-alternative-name start end signer
                openssl req -quiet -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$1 -keyout $1.key \
                    -out $1.csr 2>/dev/null || openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                    -subj /CN=$1 -keyout $1.key -out $1.csr 2>/dev/null
                printf 'subjectAltName=%s\\nbasicConstraints=critical,CA:FALSE\\n' $2 >$1.ext
                openssl ca -batch -config ca.cnf -cert $5.pem -keyfile $5.key -startdate $3 -enddate $4 \
                    -extfile $1.ext -in $1.csr -out $1.pem -notext 2>/dev/null
            }
            printf '[ca]\\ndefault_ca=d\\n[d]\\nnew_certs_dir=.\\ndatabase=index\\ndefault_md=sha256\\n' >ca.cnf
            printf 'policy=p\\nrand_serial=yes\\nunique_subject=no\\n[p]\\ncommonName=supplied\\n' >>ca.cnf
            : >index
            for ca in authority stranger; do
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=$ca \
                    -keyout $ca.key -out $ca.pem 2>/dev/null
            done
            make valid DNS:localhost 20200101000000Z 20491231000000Z authority
            make expired DNS:localhost 20200101000000Z 20210101000000Z authority
            make wrongname DNS:elsewhere.invalid 20200101000000Z 20491231000000Z authority
            make strange DNS:localhost 20200101000000Z 20491231000000Z stranger
            """)
    }
}
