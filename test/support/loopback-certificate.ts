/** A certificate for the loopback interface that nothing trusts by default, valid for a hundred years, and its key: for tests only. */
export const loopbackCertificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUAtmC11p+wJcxkGEoyxQ77imdvfYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDEyMjAyNloYDzIxMjYxMDI3
MTIyMDI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATlweVqjxxOeNvwysZYJuqS4CVSTaLHqFOJJ+PaLlbAoh+LUhpTqlWC
EBhaDSM4SpS7QxzDaTl9xfmyUUMqZahwo28wbTAdBgNVHQ4EFgQUeA9VljEv+xVn
szaY+4K3XffNr90wHwYDVR0jBBgwFoAUeA9VljEv+xVnszaY+4K3XffNr90wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDRwAwRAIgQ+cTno1bYrwyOVFTGvfg8eEL9oCLG7dFcmd8n1BsyAwCIAz9
P+itcRZEXO2VH5CMayxFSGRnKxxqCixHd2KSYtg3
-----END CERTIFICATE-----
`;

export const loopbackKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGQEbkuq8+hzNMC8J
fLAWH3yrH05aw4FsQZaDaSwJRa+hRANCAATlweVqjxxOeNvwysZYJuqS4CVSTaLH
qFOJJ+PaLlbAoh+LUhpTqlWCEBhaDSM4SpS7QxzDaTl9xfmyUUMqZahw
-----END PRIVATE KEY-----
`;
